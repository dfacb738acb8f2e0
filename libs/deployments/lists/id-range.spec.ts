import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { newId } from '#kernel';

import { idRangeOf } from './id-range.js';
import { afterPrefix } from './list-statements.js';

describe('the ids of a page', () => {
  it('contains all ids without bounds of time', () => {
    const { above, below } = idRangeOf({}, 'newest', undefined);
    const id = newId();
    expect(above < id && id < below).toBe(true);
  });

  it('contains all ids within the times while clocks differ by less than a minute', () => {
    const ms = Date.now();
    const at = (offset: number): string => new Date(ms + offset).toISOString();
    const id = newId();
    for (const [queuedFrom, queuedBefore] of [
      [at(-59_000), at(59_000)],
      [at(59_000), at(120_000)],
      [at(-120_000), at(-59_000)],
    ] as const) {
      const { above, below } = idRangeOf({ queuedFrom, queuedBefore }, 'newest', undefined);
      expect(above < id && id < below).toBe(true);
    }
    expect(id < idRangeOf({ queuedBefore: at(-62_000) }, 'newest', undefined).below).toBe(false);
    expect(id > idRangeOf({ queuedFrom: at(62_000) }, 'newest', undefined).above).toBe(false);
  });

  it('continues after the previous page, within the times', () => {
    const [first, last] = [newId(), newId()];
    expect(idRangeOf({}, 'newest', last).below).toBe(last);
    expect(idRangeOf({}, 'oldest', first).above).toBe(first);
    const past = { queuedBefore: '2001-01-01T00:00:00Z' };
    expect(idRangeOf(past, 'newest', last).below).toBe(idRangeOf(past, 'newest', undefined).below);
  });

  it.each(['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z'])(
    'returns ids also for times outside of their range: %s',
    (time) => {
      const { above, below } = idRangeOf({ queuedFrom: time, queuedBefore: time }, 'newest', undefined);
      expect([above, below]).toEqual([
        expect.stringMatching(/^[0-9a-f-]{36}$/),
        expect.stringMatching(/^[0-9a-f-]{36}$/),
      ]);
    },
  );
});

describe('the end of a prefix', () => {
  it('sorts after all texts with the prefix, and before all later ones', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\u007f', 'é', '\ud7ff', '\ue000', '😀', '\u{10ffff}') });
    const bytes = (one: string): Buffer => Buffer.from(one);
    fc.assert(
      fc.property(text, text, text, (prefix, rest, other) => {
        fc.pre(prefix !== '');
        const end = afterPrefix(prefix);
        const isWithin = (one: string): boolean =>
          Buffer.compare(bytes(one), bytes(prefix)) >= 0 &&
          (end === undefined || Buffer.compare(bytes(one), bytes(end)) < 0);
        expect(isWithin(prefix + rest)).toBe(true);
        expect(isWithin(other)).toBe(other.startsWith(prefix));
      }),
    );
  });
});
