import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

import { isId } from '#kernel';

const FORM = /^strf_([0-9a-f]{32})_([0-9]{1,10})_([A-Za-z0-9_-]{43})$/;

/** The parts of a refresh token: its session, its generation, counted from 0, and the proof. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly generation: number;
  readonly proof: string;
}

/** Parses a refresh token; undefined for a text of another form. Does not check the proof. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, hex = '', generation = '', proof = ''] = FORM.exec(text) ?? [];
  const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (!isId(sessionId) || Number(generation) > 2 ** 31 - 2) return undefined;
  return { sessionId, generation: Number(generation), proof };
}

/**
 * The refresh token of one generation of a session.
 *
 * The proof is derived, not drawn: HMAC-SHA-256, by a key that only the service has, of 256 random bits that only the database has and of the
 * generation. So a successor can be given out again when its answer was lost, although the database keeps only its hash, and neither a stolen
 * database nor a stolen key is enough to make a token.
 */
export function refreshTokenOf(key: KeyObject, sessionId: string, familySalt: Uint8Array, generation: number): string {
  const proof = createHmac('sha256', key)
    .update(`stowage refresh token\0${sessionId}\0${generation}\0`)
    .update(familySalt)
    .digest('base64url');
  return `strf_${sessionId.replaceAll('-', '')}_${generation}_${proof}`;
}

/** Whether the service made this token, of any generation; compares in constant time. */
export function isGenuine(key: KeyObject, token: RefreshToken, familySalt: Uint8Array): boolean {
  const expected = parseRefreshToken(refreshTokenOf(key, token.sessionId, familySalt, token.generation));
  return timingSafeEqual(Buffer.from(expected?.proof ?? ''), Buffer.from(token.proof));
}
