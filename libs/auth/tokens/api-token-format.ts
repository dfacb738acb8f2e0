import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { toBase62 } from './base62.js';

const FORM = /^stow_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/;
const CHECKSUM_LENGTH = 6;

/** Begins every API token, for secret scanners and to distinguish it from an access token. */
export const API_TOKEN_PREFIX = 'stow_';

/**
 * A new API token: `stow_`, the id, `_`, 256 random bits and a checksum, the last three in base 62.
 *
 * @param id UUID of the token's row, so that the finder of a token can report it without its secret
 */
export function createApiToken(id: string): string {
  const idDigits = toBase62(Buffer.from(id.replaceAll('-', ''), 'hex'), 22);
  const body = `${API_TOKEN_PREFIX}${idDigits}_${toBase62(randomBytes(32), 43)}`;
  return body + checksumOf(body);
}

/** Whether a text has the form of an API token and its checksum is right: a text that fails here costs no database query. */
export function isApiToken(text: string): boolean {
  if (!FORM.test(text)) return false;
  return checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** The stored form of an API token, a reset code or a refresh token: they are random, so that a fast hash is enough. */
export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** CRC-32 in base 62: detects every change of up to four neighbouring characters. */
function checksumOf(body: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return toBase62(bytes, CHECKSUM_LENGTH);
}
