import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { DomainError } from '#kernel';

import { entityTagOf } from './entity-tag.js';
import { ExpectedVersions } from './expected-versions.js';

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? error.code : 'another error';
  }
}

const judge = (header: string | undefined, version: number): string | undefined =>
  codeOf(() => ExpectedVersions.parse(header).assertIncludes(version));

describe('If-Match', () => {
  it.each([undefined, '*', ' * ', '"7"', '"6", "7"', '"6","7"', 'W/"6", "7"', '"7" , "8"'])(
    'accepts an edit of version 7 with If-Match %j',
    (header) => {
      expect(judge(header, 7)).toBeUndefined();
    },
  );

  it.each(['"6"', 'W/"7"', '"07"', '""', '"6", "8"', '"7 "'.replace(' ', '!')])(
    'refuses an edit of version 7 with If-Match %j',
    (header) => {
      expect(judge(header, 7)).toBe('REQUEST.PRECONDITION_FAILED');
    },
  );

  it.each(['', '7', "'7'", '"7', '7"', '"7"x', '"7",', ',"7"', '"7" "8"', '"a b"', 'w/"7"', '*, "7"', '"7", *', '**'])(
    'refuses %j as malformed',
    (header) => {
      expect(judge(header, 7)).toBe('REQUEST.INVALID');
    },
  );

  it('refuses more than 100 tags', () => {
    const tags = (count: number): string => Array.from({ length: count }, (_, version) => `"${version}"`).join(', ');
    expect(judge(tags(100), 7)).toBeUndefined();
    expect(judge(tags(101), 7)).toBe('REQUEST.INVALID');
  });

  it('accepts or refuses every text, without another error', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect([undefined, 'REQUEST.PRECONDITION_FAILED', 'REQUEST.INVALID']).toContain(judge(header, 1));
      }),
    );
  });

  it('accepts the tag of a version for that version alone', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seen, present) => {
        const expected = seen === present ? undefined : 'REQUEST.PRECONDITION_FAILED';
        expect(judge(entityTagOf(seen), present)).toBe(expected);
      }),
    );
  });
});
