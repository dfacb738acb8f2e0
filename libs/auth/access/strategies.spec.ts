import { generateKeyPairSync } from 'node:crypto';

import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

import { type ApiSettings } from '#config';
import { newId } from '#kernel';

import { createApiToken, digestOf } from '../tokens/api-token-format.js';
import { ApiTokenStrategy } from '../tokens/api-token.strategy.js';
import { AccessTokenStrategy } from './access-token.strategy.js';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HEADER = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'k1', typ: 'at+jwt' })).toString('base64url');
const [userId, sessionId] = [newId(), newId()];

/** Accepts every signature that begins with `good`. */
const verifier = jest.fn(
  (token: string, _key: unknown, _options: unknown, done: (error: Error | null, claims?: object) => void) => {
    const isGood = token.startsWith(`${HEADER}.claims.good`);
    done(isGood ? null : new Error('bad'), { sub: userId, sid: sessionId, exp: Date.now() / 1000 + 60 });
  },
);
Object.assign(Strategy, { JwtVerifier: verifier });

/** The credential that one of the two strategies gives for these header lines; otherwise undefined. */
async function ask(...lines: readonly string[]): Promise<unknown> {
  const request: { user?: unknown; headers: object; raw: object } = {
    headers: lines.length === 0 ? {} : { authorization: lines[0] },
    raw: { rawHeaders: lines.flatMap((line) => ['Authorization', line]) },
  };
  const http = { getRequest: () => request, getResponse: () => ({}) };
  const guard = new (AuthGuard(['jwt', 'api-token']))();
  await Promise.resolve(guard.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext)).catch(
    () => undefined,
  );
  return request.user;
}
const accessToken = (signature: string): string => `${HEADER}.claims.${signature}`;

describe('the passport strategies', () => {
  beforeEach(() => {
    verifier.mockClear();
    new AccessTokenStrategy({ jwtKeys: [{ kid: 'k1', publicKey }] } as unknown as ApiSettings);
    new ApiTokenStrategy();
  });

  it('verifies the signature of an access token once, and forgets the oldest of ten thousand', async () => {
    const credential = { kind: 'session', userId, sessionId };
    await expect(ask(`Bearer ${accessToken('good-0')}`)).resolves.toEqual(credential);
    await expect(ask(`bearer   ${accessToken('good-0')}`)).resolves.toEqual(credential);
    expect(verifier).toHaveBeenCalledTimes(1);
    for (let i = 1; i <= 10_000; i++) await ask(`Bearer ${accessToken(`good-${i}`)}`);
    await ask(`Bearer ${accessToken('good-10000')}`);
    expect(verifier).toHaveBeenCalledTimes(10_001);
    await ask(`Bearer ${accessToken('good-0')}`);
    expect(verifier).toHaveBeenCalledTimes(10_002);
  });

  it('verifies a refused access token again', async () => {
    await ask(`Bearer ${accessToken('bad')}`);
    await expect(ask(`Bearer ${accessToken('bad')}`)).resolves.toBeUndefined();
    expect(verifier).toHaveBeenCalledTimes(2);
  });

  it('refuses a cached access token from the second of expiry on', async () => {
    await ask(`Bearer ${accessToken('good')}`);
    jest.useFakeTimers({ now: Date.now() + 61_000, doNotFake: ['nextTick', 'setImmediate'] });
    try {
      await expect(ask(`Bearer ${accessToken('good')}`)).resolves.toBeUndefined();
    } finally {
      jest.useRealTimers();
    }
  });

  it('identifies an API token by its form, and gives its hash', async () => {
    const token = createApiToken(newId());
    await expect(ask(`Bearer ${token}`)).resolves.toEqual({ kind: 'api-token', tokenHash: digestOf(token) });
    await expect(ask(`Bearer ${token}x`)).resolves.toBeUndefined();
  });

  it.each([
    ['no header', []],
    ['two headers', [`Bearer ${accessToken('good')}`, `Bearer ${accessToken('good')}`]],
    ['another scheme', ['Basic good']],
    ['a token with a space', [`Bearer ${accessToken('good')} good`]],
    ['a header of 3 KB', [`Bearer ${accessToken('good')}${'x'.repeat(3000)}`]],
  ])('refuses %s', async (_what, lines) => {
    await expect(ask(...lines)).resolves.toBeUndefined();
    expect(verifier).not.toHaveBeenCalled();
  });
});
