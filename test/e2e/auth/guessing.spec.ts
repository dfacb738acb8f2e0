import { createHash, randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { PasswordHasher } from '#auth';
import { sql } from '#database';

import { type Answer, IdentityApp, PASSWORD, type Tokens } from './identity-app.js';

const WRONG = 'not the password 1';
const ADDRESS = '127.0.0.1';
const ELSEWHERE = '127.0.9.9';

/** Fewer failures than by default (100 each), which rate-limits.spec.ts asserts: each costs a hash. */
const [ACROSS_ADDRESSES, PER_ADDRESS] = [30, 30];
const LIMITS = {
  STOWAGE_FREE_ACCOUNT_FAILURES: String(ACROSS_ADDRESSES),
  STOWAGE_RATE_LOGIN_FAILURES_PER_MINUTE: String(PER_ADDRESS),
};

const MODES = [
  ['with Redis', LIMITS],
  ['without Redis', { ...LIMITS, REDIS_URL: 'redis://127.0.0.1:1' }],
] as const;

describe.each(MODES)('guessing passwords, %s', (_mode, env) => {
  let app: IdentityApp;
  beforeAll(async () => {
    app = await IdentityApp.start(env);
    // The first connection to Redis takes a moment, in which counting is local.
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  afterAll(() => app.stop());
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** A new address each time, so that no limit of an address is in the way of the one under test. */
  let addresses = 0;
  const anAddress = (): string => `127.1.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`;
  let networks = 0;
  const aNetwork = (): string => `127.2.${++networks}.1`;
  const login = (name: string, password: string, from: string): Promise<Answer<Tokens>> =>
    app.login(name, password, { from });
  /** Fails until that is refused: on a slow machine a delay may pass before the next attempt comes. */
  const failUntilRefused = async (name: string, from: string): Promise<void> => {
    for (let i = 0; i < 30; i++) {
      if ((await login(name, WRONG, from)).status === 429) return;
    }
    throw new Error('nothing was refused');
  };
  const fail = async (name: string, from: string, times: number): Promise<number[]> => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i++) statuses.push((await login(name, WRONG, from)).status);
    return statuses;
  };

  it('delays after ten free failures, for a second and then for two, whether the account exists or not', async () => {
    const { user } = await app.register();
    const names = [user.username, `unknown-${randomUUID().slice(0, 8)}`];
    const delays = async (name: string): Promise<void> => {
      const from = anAddress();
      expect(await fail(name, from, 10)).toEqual(Array.from({ length: 10 }, () => 401));
      const refused = await login(name, WRONG, from);
      expect(refused).toMatchObject({ status: 429, body: { code: 'AUTH.TOO_MANY_ATTEMPTS', retryAfterSeconds: 1 } });
      expect(refused.headers['retry-after']).toBe('1');
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect(await fail(name, from, 1)).toEqual([401]);
      const longer = await login(name, WRONG, from);
      expect(longer).toMatchObject({ status: 429, body: { retryAfterSeconds: 2 } });
    };
    await Promise.all(names.map(delays));
  });

  it('delays neither other accounts at the address, nor the account at other addresses', async () => {
    const { user } = await app.register();
    const { user: neighbour } = await app.register();
    const from = anAddress();
    await failUntilRefused(user.username, from);
    await expect(login(user.username, PASSWORD, from)).resolves.toMatchObject({ status: 429 });
    await expect(login(neighbour.username, PASSWORD, from)).resolves.toMatchObject({ status: 200 });
    await expect(login(user.username, PASSWORD, anAddress())).resolves.toMatchObject({ status: 200 });
  });

  it('forgets failures after a success', async () => {
    const { user } = await app.register();
    const from = anAddress();
    for (let round = 0; round < 3; round++) {
      await fail(user.username, from, 9);
      await expect(login(user.username, PASSWORD, from)).resolves.toMatchObject({ status: 200 });
    }
  });

  it('bounds the password checks of 200 parallel attempts', async () => {
    const { user } = await app.register();
    const check = jest.spyOn(app.app.get(PasswordHasher, { strict: false }), 'check');
    const from = anAddress();
    const answers = await Promise.all(Array.from({ length: 200 }, () => login(user.username, WRONG, from)));
    const checked = answers.filter(({ status }) => status === 401);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(200 - checked.length);
    // Ten are free. On a slow machine Redis may seem away for a moment, in which the process counts anew, and delays may pass.
    expect(checked.length).toBeLessThanOrEqual(25);
    expect(check.mock.calls.length).toBe(checked.length);
  });

  it('accepts 30 parallel sign-ins with the right password', async () => {
    const { user } = await app.register();
    const from = anAddress();
    const answers = await Promise.all(Array.from({ length: 30 }, () => login(user.username, PASSWORD, from)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  /** Strangers in one network use up the failures that all unknown addresses share, and the attempts of their own network. */
  const attack = async (name: string): Promise<void> => {
    for (let i = 0; i < ACROSS_ADDRESSES; i += 10) await fail(name, anAddress(), 10);
    await failUntilRefused(name, anAddress());
  };

  it('protects an owner at a known address, and other accounts, from many failures of strangers', async () => {
    const owner = await app.register(`owner-${randomUUID().slice(0, 8)}`, { from: ELSEWHERE });
    await attack(owner.user.username);
    await expect(login(owner.user.username, PASSWORD, ELSEWHERE)).resolves.toMatchObject({ status: 200 });
    const { user } = await app.register();
    await expect(login(user.username, PASSWORD, anAddress())).resolves.toMatchObject({ status: 200 });
  });

  it('leaves an owner in a new network three attempts after many failures of strangers, and then any number', async () => {
    const { user } = await app.register();
    await attack(user.username);
    const from = aNetwork();
    expect(await fail(user.username, from, 2)).toEqual([401, 401]);
    await expect(login(user.username, PASSWORD, from)).resolves.toMatchObject({ status: 200 });
    expect(await fail(user.username, from, 5)).toEqual([401, 401, 401, 401, 401]);
  });

  it('makes an address known to which a session moves, or at which a reset code was used', async () => {
    const { user, refreshToken } = await app.register();
    await attack(user.username);
    const [moved, reset] = [aNetwork(), aNetwork()];
    const tokens = await app.post<Tokens>('/v1/auth/refresh', { refreshToken }, { from: moved });
    expect(tokens.status).toBe(200);
    expect(await fail(user.username, moved, 5)).toEqual([401, 401, 401, 401, 401]);
    await expect(login(user.username, PASSWORD, moved)).resolves.toMatchObject({ status: 200 });
    await app.sql(sql`
      insert into reset_codes (user_id, code_hash, expires_at)
      values (${user.id}, ${createHash('sha256').update('the code').digest()}, now() + interval '1 minute')`);
    const next = { username: user.username, code: 'the code', password: PASSWORD };
    expect((await app.post('/v1/auth/reset', next, { from: reset })).status).toBe(204);
    expect(await fail(user.username, reset, 5)).toEqual([401, 401, 401, 401, 401]);
  });

  it('accepts a reset code while strangers use wrong ones', async () => {
    const { user } = await app.register();
    await app.sql(sql`
      insert into reset_codes (user_id, code_hash, expires_at)
      values (${user.id}, ${createHash('sha256').update('mine').digest()}, now() + interval '1 minute')`);
    const use = (code: string, from: string): Promise<Answer> =>
      app.post('/v1/auth/reset', { username: user.username, code, password: PASSWORD }, { from });
    for (let i = 0; i < ACROSS_ADDRESSES + 5; i++) await use('wrong', `127.3.0.${i + 1}`);
    expect((await use('mine', '127.3.0.100')).status).toBe(204);
  });

  it('records the begin of delays once', async () => {
    const { user } = await app.register();
    await fail(user.username, anAddress(), 14);
    const rows = await app.sql(
      sql`select 1 from audit_entries where action = 'authn_login_delay' and target_id = ${user.id}`,
    );
    expect(rows).toHaveLength(1);
  });

  it('stops an address after many failures a minute on several accounts', async () => {
    const from = anAddress();
    for (let i = 0; i <= PER_ADDRESS; i += 10) await fail(`victim-${i}`, from, 10);
    const { user } = await app.register();
    const refused = await login(user.username, PASSWORD, from);
    expect(refused).toMatchObject({ status: 429 });
    await expect(login(user.username, PASSWORD, anAddress())).resolves.toMatchObject({ status: 200 });
  });

  it('ignores headers that claim another address', async () => {
    const name = `unknown-${randomUUID().slice(0, 8)}`;
    const from = anAddress();
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const headers = { 'x-forwarded-for': `10.0.0.${i}`, forwarded: `for=10.0.0.${i}`, 'x-real-ip': `10.0.0.${i}` };
      statuses.push((await app.login(name, WRONG, { from, headers })).status);
    }
    expect(statuses.slice(0, 10)).not.toContain(429);
    expect(statuses.slice(10)).toContain(429);
  });

  it('counts the addresses of an IPv6 network as one, and spares its neighbours', async () => {
    const { user } = await app.register();
    const network = `2001:db8:${(++addresses).toString(16)}`;
    const statuses: number[] = [];
    for (let i = 1; i <= 30; i++) statuses.push((await login(user.username, WRONG, `${network}:1:${i}::${i}`)).status);
    expect(statuses.slice(0, 10)).not.toContain(429);
    expect(statuses.slice(10)).toContain(429);
    const neighbour = await login(user.username, PASSWORD, `${network}:2::1`);
    expect(neighbour.status).toBe(200);
    // What people are shown is exact.
    const sessions = await app.call('GET', '/v1/me/sessions', { token: neighbour.body.accessToken });
    expect(sessions.body).toMatchObject({ items: [{ address: `${network}:2::1` }, { address: ADDRESS }] });
  });

  it('sends the rest of a limit in headers, and makes answers about taken names cost a hash after thirty', async () => {
    const { user } = await app.register();
    const from = anAddress();
    const ask = (): Promise<Answer> =>
      app.post('/v1/auth/register', { username: user.username, password: PASSWORD }, { from });
    const first = await ask();
    expect(first).toMatchObject({
      status: 409,
      body: { code: 'AUTH.USERNAME_TAKEN', errors: [{ pointer: '#/username', code: 'taken' }] },
    });
    expect(first.headers['ratelimit-policy']).toBe('"register";q=600;w=60');
    expect(first.headers['ratelimit']).toMatch(/^"register";r=599;t=\d+$/);
    const hash = jest.spyOn(app.app.get(PasswordHasher, { strict: false }), 'hash');
    for (let i = 1; i < 30; i++) await ask();
    expect(hash).not.toHaveBeenCalled();
    expect((await ask()).status).toBe(409);
    expect(hash).toHaveBeenCalledTimes(1);
    // Others at the address can still register.
    await expect(app.register(undefined, { from })).resolves.toBeDefined();
  });
});

describe('signing in by script', () => {
  let app: IdentityApp;
  beforeAll(async () => {
    // A tenth of the defaults, for a tenth of the 300 users.
    app = await IdentityApp.start({
      STOWAGE_RATE_REGISTRATIONS_PER_MINUTE: '60',
      STOWAGE_RATE_LOGINS_PER_MINUTE: '60',
      STOWAGE_RATE_LOGIN_FAILURES_PER_MINUTE: '10',
    });
  });
  afterAll(() => app.stop());

  it('serves 30 users, registration included, from one address: limits leave room for twice the number a minute', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `script-${i}-${randomUUID().slice(0, 6)}`);
    await Promise.all(names.map((username) => app.register(username, { from: ADDRESS })));
    const answers = await Promise.all(names.map((username) => app.login(username, PASSWORD, { from: ADDRESS })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    // Asserted by the limit itself: the time of the hashes depends on the machine.
    const policies = answers.map(({ headers }) => headers['ratelimit-policy']);
    expect(new Set(policies)).toEqual(new Set(['"login";q=60;w=60']));
  });
});
