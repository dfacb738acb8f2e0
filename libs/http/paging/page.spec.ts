import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { CrateQuery, testSettings } from '../testing/test-app.js';
import { CursorCodec, type CursorPosition } from './cursor-codec.js';
import { type PageQuery, Pages } from './page.js';

const settings = testSettings();
const codec = new CursorCodec(settings);
const binding = { list: 'clusters', scope: { organizationId: 'a' }, filters: { status: 'queued' } };
const position = fc.array(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), { maxLength: 4 });

const refuses = (read: () => CursorPosition): boolean => {
  try {
    read();
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'REQUEST.INVALID_CURSOR', kind: 'invalid' });
    return true;
  }
};

describe('a cursor', () => {
  it('returns the position of a cursor to the list that made the cursor', () => {
    fc.assert(
      fc.property(position, (at) => {
        expect(codec.decode(binding, codec.encode(binding, at))).toEqual(at);
      }),
    );
    expect(
      codec.decode({ ...binding, filters: { other: undefined, ...binding.filters } }, codec.encode(binding, [1])),
    ).toEqual([1]);
  });

  it('refuses a cursor of another list, scope, filter or installation', () => {
    const cursor = codec.encode(binding, ['x']);
    for (const other of [
      { ...binding, list: 'deployments' },
      { ...binding, scope: { organizationId: 'b' } },
      { ...binding, scope: {} },
      { ...binding, filters: {} },
      { ...binding, filters: { status: 'running' } },
      { ...binding, filters: { status: ['queued'] } },
    ]) {
      expect(refuses(() => codec.decode(other, cursor))).toBe(true);
    }
    expect(refuses(() => new CursorCodec(testSettings()).decode(binding, cursor))).toBe(true);
  });

  it('refuses a cursor with a changed, missing or additional character', () => {
    const cursor = codec.encode(binding, ['2026-01-01', 'id']);
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom(...Array.from('ABCxyz019-_=+/ ~')), (index, character) => {
        fc.pre(cursor[index] !== character);
        expect(refuses(() => codec.decode(binding, cursor.slice(0, index) + character + cursor.slice(index + 1)))).toBe(
          true,
        );
        expect(refuses(() => codec.decode(binding, cursor.slice(0, index)))).toBe(true);
        expect(refuses(() => codec.decode(binding, cursor + character))).toBe(true);
      }),
    );
  });

  it('refuses invented cursors', () => {
    fc.assert(fc.property(fc.string(), (text) => refuses(() => codec.decode(binding, text))));
  });
});

describe('pages', () => {
  const pages = new Pages(codec);
  const query = (values: Partial<CrateQuery>): PageQuery => Object.assign(new CrateQuery(), { limit: 10 }, values);

  it('visits every row once, for every page size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(250), (limit, count) => {
        const seen: number[] = [];
        let cursor: string | undefined;
        do {
          const page = pages.open('rows', {}, query({ limit, ...(cursor === undefined ? {} : { cursor }) }));
          const from = page.after === undefined ? 0 : Number(page.after[0]) + 1;
          const rows = Array.from({ length: Math.min(page.take, count - from) }, (_, index) => from + index);
          const { items, nextCursor } = page.of(
            rows,
            (row) => [row],
            (row) => row,
          );
          expect(items.length).toBeLessThanOrEqual(limit);
          seen.push(...items);
          cursor = nextCursor ?? undefined;
        } while (cursor !== undefined);
        expect(seen).toEqual(Array.from({ length: count }, (_, index) => index));
      }),
    );
  });

  it('refuses a cursor with other filters of the query', () => {
    const { nextCursor } = pages.open('rows', {}, query({ fragile: true, limit: 1 })).of(
      [1, 2],
      (row) => [row],
      (row) => row,
    );
    const cursor = String(nextCursor);
    expect(pages.open('rows', {}, query({ fragile: true, limit: 50, cursor })).after).toEqual([1]);
    expect(() => pages.open('rows', {}, query({ cursor }))).toThrow();
    expect(() => pages.open('rows', {}, query({ fragile: false, cursor }))).toThrow();
  });
});
