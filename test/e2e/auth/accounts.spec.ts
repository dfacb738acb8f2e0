import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { OWN_APPLICANT, PasswordHasher } from '#auth';
import { changesOf, sql } from '#database';

import { eventually } from '../../support/wait.js';
import { type Answer, IdentityApp, PASSWORD, type Tokens } from './identity-app.js';

const NEXT = 'another wagon 77 orbit';

describe('accounts', () => {
  let app: IdentityApp;
  beforeAll(async () => {
    app = await IdentityApp.start();
  });
  afterAll(() => app.stop());

  const register = (body: object): Promise<Answer<Tokens>> => app.post<Tokens>('/v1/auth/register', body);
  const aName = (): string => `name-${randomUUID().slice(0, 8)}`;

  it('contains no account in an empty installation', async () => {
    for (const name of ['admin', 'root', 'operator', 'stowage']) {
      for (const password of ['admin', 'password', 'stowage', '']) {
        expect([400, 401]).toContain((await app.login(name, password)).status);
      }
    }
  });

  it('refuses a username that differs in case only', async () => {
    const username = aName();
    expect((await register({ username, password: PASSWORD })).status).toBe(201);
    expect(await register({ username: username.toUpperCase(), password: PASSWORD })).toMatchObject({
      status: 409,
      body: { code: 'AUTH.USERNAME_TAKEN' },
    });
  });

  it('gives a username once to parallel registrations', async () => {
    const username = aName();
    const answers = await Promise.all(Array.from({ length: 20 }, () => register({ username, password: PASSWORD })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 19 }, () => 409)]);
  });

  it('reveals no e-mail address, and signs in only the first account that gave the address', async () => {
    const email = `${aName()}@example.com`;
    const [first, second] = [aName(), aName()];
    const owner = await register({ username: first, password: PASSWORD, email });
    const other = await register({ username: second, password: NEXT, email: email.toUpperCase() });
    expect([owner.status, other.status]).toEqual([201, 201]);
    expect(Object.keys(other.body.user)).toEqual(Object.keys(owner.body.user));
    expect(await app.login(email)).toMatchObject({ status: 200, body: { user: { username: first } } });
    expect((await app.login(email, NEXT)).status).toBe(401);
    expect(await app.login(second, NEXT)).toMatchObject({ status: 200 });
  });

  it.each([
    ['a homoglyph', { username: 'аdmin-2', password: PASSWORD }],
    ['a full-width letter', { username: 'ａdmin', password: PASSWORD }],
    ['a zero-width space', { username: 'ad\u200bmin', password: PASSWORD }],
    ['a right-to-left mark', { username: 'ad\u202emin', password: PASSWORD }],
    ['SQL', { username: `x'; drop table users;--`, password: PASSWORD }],
    ['a line break', { username: 'ada\r\nX-Admin: 1', password: PASSWORD }],
    ['NUL', { username: 'ada\0', password: PASSWORD }],
    ['a name of another type', { username: ['ada'], password: PASSWORD }],
    ['an operator', { username: 'ada-lovelace', password: PASSWORD, isOperator: true }],
    ['a role', { username: 'ada-lovelace', password: PASSWORD, role: 'admin' }],
    [
      'an e-mail address with a header',
      { username: 'ada-lovelace', password: PASSWORD, email: 'a@b.co\r\nBcc: x@y.zz' },
    ],
    ['half a surrogate pair', { username: 'ada-lovelace', password: 'half \ud800 a pair' }],
    ['no password', { username: 'ada-lovelace' }],
    ['a short password', { username: 'ada-lovelace', password: 'q8#Zk!p' }],
    ['a password of 129 characters', { username: 'ada-lovelace', password: `${'xy7 '.repeat(32)}z` }],
    ['a common password', { username: 'ada-lovelace', password: 'Password1' }],
    ['a password with the name in it', { username: 'ada-lovelace', password: 'my ADA-LOVELACE pass' }],
    [
      'a password with the e-mail address in it',
      { username: 'ada-lovelace', password: 'x countess x 1', email: 'countess@example.com' },
    ],
  ])('refuses a registration with %s', async (_what, body) => {
    expect((await register(body)).status).toBe(400);
    const made = await app.sql(
      sql`select 1 from users where username_key = 'ada-lovelace' or username_key like '%x-admin%'`,
    );
    expect(made).toEqual([]);
  });

  it.each([
    ['__proto__', `{"username":"polluter","password":"${PASSWORD}","__proto__":{"isOperator":true}}`],
    ['constructor', `{"username":"polluter","password":"${PASSWORD}","constructor":{"prototype":{"isOperator":true}}}`],
    ['a key twice', `{"username":"polluter","username":"other-one","password":"${PASSWORD}"}`],
  ])('refuses a registration body with %s', async (_what, body) => {
    expect((await app.call('POST', '/v1/auth/register', { body })).status).toBe(400);
    expect(({} as Record<string, unknown>)['isOperator']).toBeUndefined();
    expect((await app.login('polluter')).status).toBe(401);
  });

  it('refuses a registration body of 10 MB', async () => {
    const password = 'x'.repeat(10 * 1024 * 1024);
    expect((await register({ username: aName(), password })).status).toBe(413);
    expect((await app.login(aName(), password)).status).toBe(413);
  });

  it.each([
    ['an operator of a query language', { username: { $gt: '' }, password: PASSWORD }],
    ['a list', { username: ['ada'], password: PASSWORD }],
    ['SQL', { username: `' or 1=1 --`, password: PASSWORD }],
    ['LIKE wildcards', { username: '%', password: '%' }],
    ['a password of 50 KB', { username: 'ada', password: 'x'.repeat(50_000) }],
  ])('refuses a sign-in with %s', async (_what, body) => {
    expect([400, 401, 413]).toContain((await app.post('/v1/auth/login', body)).status);
  });

  it('accepts passwords with emoji, spaces, and either form of an accent', async () => {
    const username = aName();
    expect((await register({ username, password: ' Zoë 🐘 caf\u00e9 ' })).status).toBe(201);
    expect((await app.login(username, ' Zoe\u0308 🐘 cafe\u0301 ')).status).toBe(200);
    expect((await app.login(username, 'Zoë 🐘 café')).status).toBe(401);
    expect((await app.login(username, ' zoë 🐘 café ')).status).toBe(401);
  });

  it('upgrades a weak hash at sign-in', async () => {
    const { user } = await app.register();
    const stronger = { argon2MemoryKib: 32_768, argon2Passes: 2, argon2Concurrency: 1 };
    const weak = await new PasswordHasher({ ...stronger, argon2MemoryKib: 9_728 }).hash(PASSWORD, OWN_APPLICANT);
    await app.sql(sql`update users set password_hash = ${weak} where id = ${user.id}`);
    expect((await app.login(user.username)).status).toBe(200);
    const [row] = await app.sql(sql<{ hash: string }>`select password_hash as hash from users where id = ${user.id}`);
    expect(row?.hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await app.login(user.username)).status).toBe(200);
  });

  it('changes a password with the present one, and ends all other sessions at once', async () => {
    const here = await app.register();
    const there = await app.login(here.user.username);
    const change = (currentPassword: string, newPassword: string): Promise<Answer> =>
      app.post('/v1/me/password', { currentPassword, newPassword }, { token: here.accessToken });
    expect(await change('wrong one', NEXT)).toMatchObject({
      status: 403,
      body: { code: 'AUTH.CURRENT_PASSWORD_WRONG' },
    });
    expect(await change(PASSWORD, 'password1')).toMatchObject({ status: 400, body: { code: 'AUTH.PASSWORD_REFUSED' } });
    expect((await change(PASSWORD, NEXT)).status).toBe(204);
    expect((await app.call('GET', '/v1/me', { token: there.body.accessToken })).status).toBe(401);
    expect((await app.post('/v1/auth/refresh', { refreshToken: there.body.refreshToken })).status).toBe(401);
    expect((await app.call('GET', '/v1/me', { token: here.accessToken })).status).toBe(200);
    expect((await app.login(here.user.username)).status).toBe(401);
    expect((await app.login(here.user.username, NEXT)).status).toBe(200);
  });

  it('refuses a sign-in when the password changes during the check', async () => {
    const { user } = await app.register();
    const hasher = app.app.get(PasswordHasher, { strict: false });
    const next = await hasher.hash(NEXT, OWN_APPLICANT);
    jest.spyOn(hasher, 'check').mockImplementationOnce(async () => {
      await app.sql(sql`update users set password_hash = ${next} where id = ${user.id}`);
      return { matches: true, isWeak: false };
    });
    expect((await app.login(user.username)).status).toBe(401);
    expect((await app.login(user.username, NEXT)).status).toBe(200);
  });

  it('changes and removes an e-mail address with the password', async () => {
    const { accessToken, user } = await app.register();
    const edit = (email: string | null, currentPassword: string): Promise<Answer> =>
      app.call('PATCH', '/v1/me', { token: accessToken, body: { email, currentPassword } });
    const email = `${aName()}@example.com`;
    expect((await edit(email, 'wrong one')).status).toBe(403);
    expect(await edit(email, PASSWORD)).toMatchObject({ status: 200, body: { email } });
    expect(await app.login(email)).toMatchObject({ status: 200, body: { user: { id: user.id } } });
    const other = await app.register();
    const taken = await app.call('PATCH', '/v1/me', {
      token: other.accessToken,
      body: { email, currentPassword: PASSWORD },
    });
    expect(taken.status).toBe(200);
    expect(await app.login(email)).toMatchObject({ body: { user: { id: user.id } } });
    expect(await edit(null, PASSWORD)).toMatchObject({ status: 200, body: { email: null } });
    expect((await app.login(email)).status).toBe(401);
  });

  it('keeps an e-mail address and its key together in a race of two changes', async () => {
    const { accessToken: token, user } = await app.register();
    const [first, taken] = [`${aName()}@example.com`, `${aName()}@example.com`];
    await register({ username: aName(), password: PASSWORD, email: taken });
    const second = await app.database.transaction(async (tx) => {
      await changesOf(tx, sql`update users set email = ${first}, email_key = ${first} where id = ${user.id}`);
      const body = { email: taken, currentPassword: PASSWORD };
      const answer = app.call('PATCH', '/v1/me', { token, body });
      await eventually(
        () =>
          app.sql(sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`),
        (waiting) => waiting.length > 0,
      );
      return { answer };
    });
    expect(await second.answer).toMatchObject({ status: 200, body: { email: taken } });
    expect((await app.login(first)).status).toBe(401);
  });

  it('answers alike, and as fast, for an unknown user and a wrong password', async () => {
    const known = await Promise.all(Array.from({ length: 25 }, () => app.register()));
    await app.login('unknown-at-all', 'warms up what is made once');
    const ratios: number[] = [];
    const bodies = new Set<string>();
    const headers = new Set<string>();
    for (let round = 0; round < 8; round++) {
      for (const [i, { user }] of known.entries()) {
        const order = round % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
        const times = { known: 0, unknown: 0 };
        for (const kind of order) {
          const name = kind === 'known' ? user.username : `${user.username}-x`;
          const began = performance.now();
          const answer = await app.login(name, 'not the password', { from: `127.2.${round}.${i}` });
          times[kind] = performance.now() - began;
          expect(answer.status).toBe(401);
          bodies.add(JSON.stringify({ ...answer.body, requestId: '' }));
          headers.add(Object.keys(answer.headers).sort().join());
        }
        ratios.push(times.known / times.unknown);
      }
    }
    expect([bodies.size, headers.size]).toEqual([1, 1]);
    // Each pair is of one moment, so that a machine which gets slower in between is slower for both.
    const ratio = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.25);
  }, 300_000);

  it('authenticates a request with one statement', async () => {
    const { accessToken, user } = await app.register();
    const organizationId = await app.join(user.id, 'viewer');
    const statements = await app.countStatements();
    for (let i = 0; i < 10; i++) {
      const path = `/v1/organizations/${organizationId}/viewers`;
      expect((await app.call('GET', path, { token: accessToken })).status).toBe(200);
    }
    expect(statements()).toBe(10);
  });

  it('logs no secret', async () => {
    const { accessToken, refreshToken, user } = await app.register();
    const secret = 'a very secret phrase 9';
    await app.login(user.username, secret);
    await app.post('/v1/auth/refresh', { refreshToken });
    await app.call('GET', '/v1/me', { token: `${accessToken}x` });
    await app.post('/v1/me/password', { currentPassword: PASSWORD, newPassword: secret }, { token: accessToken });
    const log = app.log.join('\n');
    for (const word of [accessToken, refreshToken, refreshToken.slice(-43), PASSWORD, secret]) {
      expect(log.includes(word)).toBe(false);
    }
    const rows = await app.sql(sql<{ row: string }>`select a::text as row from audit_entries a`);
    expect(rows.some(({ row }) => row.includes(secret) || row.includes(refreshToken.slice(-43)))).toBe(false);
  });
});
