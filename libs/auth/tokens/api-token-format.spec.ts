import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { newId } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { createApiToken, digestOf, isApiToken } from './api-token-format.js';
import { toBase62 } from './base62.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.';

describe('an API token', () => {
  it('carries a prefix and a checksum', () => {
    const token = createApiToken(newId());
    expect(token).toMatch(/^stow_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/);
    expect(isApiToken(token)).toBe(true);
    expect(createApiToken(newId())).not.toBe(token);
  });

  it('fails the check with any one changed character', () => {
    const token = createApiToken(newId());
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...Array.from(ALPHABET)), (at, character) => {
        fc.pre(token[at] !== character);
        expect(isApiToken(token.slice(0, at) + character + token.slice(at + 1))).toBe(false);
      }),
      { numRuns: cases(2000) },
    );
  });

  it.each(['', 'stow_', 'stow_a_b', `${createApiToken(newId())} `, ` ${createApiToken(newId())}`])(
    'refuses %j as a token',
    (text) => {
      expect(isApiToken(text)).toBe(false);
    },
  );

  it('stores a digest of 32 bytes', () => {
    expect(digestOf('stow_x')).toHaveLength(32);
  });
});

describe('base 62', () => {
  it('encodes different bytes differently', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (a, b) => {
          expect(toBase62(a, 6) === toBase62(b, 6)).toBe(Buffer.from(a).equals(Buffer.from(b)));
        },
      ),
    );
  });

  it('holds 32 bytes of any value in 43 digits, and refuses to cut', () => {
    expect(toBase62(Buffer.alloc(32, 255), 43)).toHaveLength(43);
    expect(toBase62(Buffer.alloc(32, 0), 43)).toBe('0'.repeat(43));
    expect(() => toBase62(Buffer.alloc(32, 255), 42)).toThrow(RangeError);
  });
});
