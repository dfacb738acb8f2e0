import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { newId } from '#kernel';

import { aSigningKey, IdentityApp, type Tokens } from './identity-app.js';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with any header and claims, signed by any key. */
function forge(header: object, claims: object, key: KeyObject): string {
  const body = `${encoded(header)}.${encoded(claims)}`;
  return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

describe('access tokens', () => {
  let app: IdentityApp;
  let person: Tokens;
  let header: Record<string, unknown>;
  let claims: Record<string, unknown>;
  let key: KeyObject;

  beforeAll(async () => {
    app = await IdentityApp.start({ STOWAGE_JWT_KEYS: JSON.stringify([aSigningKey('new'), aSigningKey('old')]) });
    person = await app.register();
    const [first = '', second = ''] = person.accessToken.split('.');
    header = JSON.parse(Buffer.from(first, 'base64url').toString()) as Record<string, unknown>;
    claims = JSON.parse(Buffer.from(second, 'base64url').toString()) as Record<string, unknown>;
    key = app.settings.jwtKeys[0].privateKey;
  });
  afterAll(() => app.stop());

  const ask = (token: string): Promise<{ status: number; body: unknown }> =>
    app.call('GET', '/v1/test/people', { token });
  const now = (): number => Math.floor(Date.now() / 1000);

  it('carries user, session, issuer, audience and lifetime, and no role', () => {
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'new' });
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sid', 'sub']);
    expect(claims).toMatchObject({ sub: person.user.id, iss: 'stowage', aud: 'stowage-api' });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(900);
  });

  it('accepts a token that the test signs with the key of the service', async () => {
    await expect(ask(forge(header, claims, key))).resolves.toMatchObject({ status: 200 });
  });

  it('refuses every malformed or forged token with the same answer', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const publicKey = app.settings.jwtKeys[0].publicKey.export({ format: 'pem', type: 'spki' });
    const hs256 = (secret: string | Buffer): string => {
      const body = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`;
      return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
    };
    const [, payload = '', signature = ''] = person.accessToken.split('.');
    const bad: Record<string, string> = {
      'no signature, alg none': `${encoded({ ...header, alg: 'none' })}.${payload}.`,
      'alg NonE': `${encoded({ ...header, alg: 'NonE' })}.${payload}.`,
      'alg none with the old signature': `${encoded({ ...header, alg: 'none' })}.${payload}.${signature}`,
      'HS256 by the public key in PEM': hs256(publicKey),
      'HS256 by the key id': hs256('new'),
      'ES384 in the header': forge({ ...header, alg: 'ES384' }, claims, key),
      'RS256 in the header': forge({ ...header, alg: 'RS256' }, claims, key),
      'signed by a foreign key': forge(header, claims, other),
      'unknown kid': forge({ ...header, kid: 'unknown' }, claims, key),
      'the kid of our other key': forge({ ...header, kid: 'old' }, claims, key),
      'no kid': forge({ alg: 'ES256', typ: 'at+jwt' }, claims, key),
      'kid with a path': forge({ ...header, kid: '../../../dev/null' }, claims, key),
      'kid with SQL': forge({ ...header, kid: "' or 1=1 --" }, claims, key),
      'kid of another type': forge({ ...header, kid: ['new'] }, claims, key),
      'kid __proto__': forge({ ...header, kid: '__proto__' }, claims, key),
      'own key in the header': forge(
        { ...header, kid: undefined, jwk: other.export({ format: 'jwk' }) },
        claims,
        other,
      ),
      'jku in the header, signed by another': forge({ ...header, jku: 'http://127.0.0.1:9/jwks' }, claims, other),
      'typ JWT': forge({ ...header, typ: 'JWT' }, claims, key),
      'no typ': forge({ alg: 'ES256', kid: 'new' }, claims, key),
      'another audience': forge(header, { ...claims, aud: 'other-api' }, key),
      'no audience': forge(header, { ...claims, aud: undefined }, key),
      'another issuer': forge(header, { ...claims, iss: 'https://evil.example' }, key),
      'no issuer': forge(header, { ...claims, iss: undefined }, key),
      expired: forge(header, { ...claims, exp: now() - 1 }, key),
      'expiring this second': forge(header, { ...claims, exp: now() }, key),
      'no expiry': forge(header, { ...claims, exp: undefined }, key),
      'expiry that is text': forge(header, { ...claims, exp: '9999999999' }, key),
      'not yet valid': forge(header, { ...claims, nbf: now() + 60 }, key),
      'no session': forge(header, { ...claims, sid: undefined }, key),
      'an unknown session': forge(header, { ...claims, sid: newId() }, key),
      'the session of another user': forge(header, { ...claims, sub: newId() }, key),
      'a subject that is no id': forge(header, { ...claims, sub: "x' or '1'='1" }, key),
      'payload that is no object': forge(header, [], key),
      'one character changed': person.accessToken.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
      'a refresh token': person.refreshToken,
      'three dots': '...',
      empty: '',
      '100 KB': forge(header, { ...claims, junk: 'x'.repeat(10_000) }, key),
    };
    const answers = new Set<string>();
    for (const [what, token] of Object.entries(bad)) {
      const answer = await ask(token);
      expect([what, answer.status]).toEqual([what, 401]);
      answers.add(JSON.stringify({ ...(answer.body as object), requestId: '' }));
    }
    expect(answers.size).toBe(1);
    await expect(ask(person.accessToken)).resolves.toMatchObject({ status: 200 });
  });

  it('refuses a token from the second of expiry on, also one that was seen before', async () => {
    const expiry = now() + 60;
    const token = forge(header, { ...claims, exp: expiry }, key);
    await expect(ask(token)).resolves.toMatchObject({ status: 200 });
    const clock = jest.spyOn(Date, 'now').mockReturnValue(expiry * 1000 - 1);
    try {
      await expect(ask(token)).resolves.toMatchObject({ status: 200 });
      clock.mockReturnValue(expiry * 1000);
      await expect(ask(token)).resolves.toMatchObject({ status: 401 });
    } finally {
      clock.mockRestore();
    }
  });

  it('accepts a token of an older key that the settings still contain', async () => {
    const old = app.settings.jwtKeys[1]?.privateKey ?? key;
    await expect(ask(forge({ ...header, kid: 'old' }, claims, old))).resolves.toMatchObject({ status: 200 });
  });

  it('publishes the verification keys without a secret', async () => {
    const { body, headers } = await app.call<{ keys: Record<string, unknown>[] }>('GET', '/.well-known/jwks.json');
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(body.keys.map(({ kid }) => kid)).toEqual(['new', 'old']);
    for (const jwk of body.keys) expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YWRhOnBhc3N3b3Jk' }],
    ['a scheme alone', { authorization: 'Bearer' }],
    ['spaces alone', { authorization: 'Bearer   ' }],
    ['a token and more', { authorization: 'Bearer a b' }],
    ['a header that names another user', { 'x-user-id': '1', 'x-forwarded-user': 'root' }],
  ])('requires a token, with %s', async (_what, headers) => {
    const answer = await app.call('GET', '/v1/test/people', { headers });
    expect(answer).toMatchObject({ status: 401, body: { code: 'AUTH.UNAUTHENTICATED' } });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('ignores a token in the URL', async () => {
    const answer = await app.call('GET', `/v1/test/people?access_token=${person.accessToken}`);
    expect([400, 401]).toContain(answer.status);
    expect(app.log.join('')).not.toContain(person.accessToken);
  });

  it('refuses two Authorization headers, in either order', async () => {
    await app.app.listen(0, '127.0.0.1');
    const { port } = new URL(await app.app.getUrl());
    const good = `Authorization: Bearer ${person.accessToken}\r\n`;
    for (const lines of [good + good, `authorization: Basic eA==\r\n${good}`, `${good}AUTHORIZATION: x\r\n`]) {
      expect(await rawStatus(Number(port), lines)).toBe(401);
    }
    expect(await rawStatus(Number(port), good)).toBe(200);
  });
});

/** The status of a request whose header lines are sent exactly as given. */
async function rawStatus(port: number, lines: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET /v1/test/people HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines}\r\n`);
    });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => resolve(Number(text.split(' ')[1])));
    socket.on('error', reject);
  });
}
