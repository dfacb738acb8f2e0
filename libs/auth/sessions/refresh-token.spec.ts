import { createSecretKey, randomBytes } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { newId } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { isGenuine, parseRefreshToken, refreshTokenOf } from './refresh-token.js';

const key = createSecretKey(randomBytes(32));
const salt = randomBytes(32);
const sessionId = newId();

describe('a refresh token', () => {
  it('names its session and its generation', () => {
    const text = refreshTokenOf(key, sessionId, salt, 7);
    expect(parseRefreshToken(text)).toMatchObject({ sessionId, generation: 7 });
  });

  it('stays the same for the same key, session, salt and generation, and differs for any other', () => {
    const token = refreshTokenOf(key, sessionId, salt, 7);
    expect(refreshTokenOf(key, sessionId, salt, 7)).toBe(token);
    const others = [
      refreshTokenOf(createSecretKey(randomBytes(32)), sessionId, salt, 7),
      refreshTokenOf(key, newId(), salt, 7),
      refreshTokenOf(key, sessionId, randomBytes(32), 7),
      refreshTokenOf(key, sessionId, salt, 8),
    ];
    expect(new Set([token, ...others].map((text) => text.slice(-43))).size).toBe(5);
  });

  it('passes as genuine only without a changed character', () => {
    const token = refreshTokenOf(key, sessionId, salt, 7);
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom(...Array.from('0123456789abcdefABCDEF_-')),
        (at, character) => {
          fc.pre(token[at] !== character);
          const parsed = parseRefreshToken(token.slice(0, at) + character + token.slice(at + 1));
          expect(parsed !== undefined && parsed.sessionId === sessionId && isGenuine(key, parsed, salt)).toBe(false);
        },
      ),
      { numRuns: cases(1000) },
    );
    const parsed = parseRefreshToken(token);
    expect(parsed !== undefined && isGenuine(key, parsed, salt)).toBe(true);
  });

  it.each(['', 'strf_', 'eyJhbGciOiJFUzI1NiJ9.e30.x', `strf_${'0'.repeat(32)}_99999999999_${'A'.repeat(43)}`])(
    'refuses %j as a token',
    (text) => {
      expect(parseRefreshToken(text)).toBeUndefined();
    },
  );
});
