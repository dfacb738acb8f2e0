import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { hashOfInviteCode, newInviteCode } from './invite-code.js';

const code = fc.constant(null).map(() => newInviteCode());

describe('newInviteCode() and hashOfInviteCode()', () => {
  it('makes codes of seven groups of four that can be read aloud', () => {
    expect(newInviteCode()).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(Array.from({ length: 1000 }, newInviteCode)).size).toBe(1000);
  });

  it('reads a code in any case and spelling', () => {
    fc.assert(
      fc.property(code, (original) => {
        const typed = original.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
        expect(hashOfInviteCode(typed)).toEqual(hashOfInviteCode(original));
        expect(hashOfInviteCode(original)).toHaveLength(32);
      }),
    );
  });

  it('refuses a code with one symbol changed, or two neighbours exchanged', () => {
    fc.assert(
      fc.property(
        code,
        fc.nat(27),
        fc.constantFrom(...Array.from('23456789ABCDEFGHJKMNPQRSTVWXYZ')),
        (original, at, other) => {
          const symbols = Array.from(original.replaceAll('-', ''));
          const before = symbols[at] ?? '';
          fc.pre(before !== other);
          const changed = symbols.with(at, other).join('');
          expect(hashOfInviteCode(changed)).toBeUndefined();
          const next = symbols[at + 1];
          if (next !== undefined && next !== before) {
            expect(
              hashOfInviteCode(
                symbols
                  .with(at, next)
                  .with(at + 1, before)
                  .join(''),
              ),
            ).toBeUndefined();
          }
        },
      ),
    );
  });

  it.each(['', ' ', 'x', 'A'.repeat(28), 'U'.repeat(28), '-'.repeat(100_000), '\u0000'.repeat(28)])(
    'refuses %j, which is no code',
    (text) => {
      expect(hashOfInviteCode(text)).toBeUndefined();
    },
  );
});
