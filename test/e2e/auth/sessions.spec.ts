import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { sql } from '#database';
import { newId } from '#kernel';

import { type Answer, IdentityApp, PASSWORD, type Tokens } from './identity-app.js';

describe('sessions', () => {
  let app: IdentityApp;
  beforeAll(async () => {
    app = await IdentityApp.start();
  });
  afterAll(() => app.stop());

  const refresh = (refreshToken: string): Promise<Answer<Tokens>> =>
    app.post<Tokens>('/v1/auth/refresh', { refreshToken });
  const whoAmI = (token: string): Promise<Answer> => app.call('GET', '/v1/me', { token });
  /** Lets time pass for one user's sessions. */
  const age = async ({ user }: Tokens, seconds: number): Promise<void> => {
    await app.sql(sql`
      update sessions set rotated_at = rotated_at - make_interval(secs => ${seconds}),
                          idle_expires_at = idle_expires_at - make_interval(secs => ${seconds}),
                          expires_at = expires_at - make_interval(secs => ${seconds})
      where user_id = ${user.id}`);
  };
  const actionsOf = async ({ user }: Tokens): Promise<string[]> => {
    const rows = await app.sql(
      sql<{ action: string }>`select action from audit_entries where actor_id = ${user.id} order by id`,
    );
    return rows.map(({ action }) => action);
  };

  it('continues with a new refresh token each time', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    const third = await refresh(second.body.refreshToken);
    expect([second.status, third.status]).toEqual([200, 200]);
    expect(new Set([first, second.body, third.body].map((tokens) => tokens.refreshToken)).size).toBe(3);
    await expect(whoAmI(third.body.accessToken)).resolves.toMatchObject({ status: 200 });
  });

  it('gives one successor to 50 parallel refreshes', async () => {
    for (let round = 0; round < 5; round++) {
      const { refreshToken } = await app.register();
      const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    }
  });

  it('gives the same successor again to a client that lost the answer', async () => {
    const first = await app.register();
    const lost = await refresh(first.refreshToken);
    await age(first, 9);
    const again = await refresh(first.refreshToken);
    expect(again).toMatchObject({ status: 200, body: { refreshToken: lost.body.refreshToken } });
    await expect(refresh(again.body.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it('ends for both parties when a token is used again later', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    await age(first, 11);
    await expect(refresh(first.refreshToken)).resolves.toMatchObject({
      status: 401,
      body: { code: 'AUTH.REFRESH_TOKEN_REUSED' },
    });
    await expect(refresh(second.body.refreshToken)).resolves.toMatchObject({ status: 401 });
    for (const { accessToken } of [first, second.body]) {
      await expect(whoAmI(accessToken)).resolves.toMatchObject({ status: 401 });
    }
    await expect(refresh(first.refreshToken)).resolves.toMatchObject({
      status: 401,
      body: { code: 'AUTH.REFRESH_TOKEN_INVALID' },
    });
    expect((await actionsOf(first)).filter((action) => action === 'authn_token_reuse')).toHaveLength(1);
  });

  it('refuses the grandparent of the newest token, even at once: the child has been used', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    await refresh(second.body.refreshToken);
    await expect(refresh(first.refreshToken)).resolves.toMatchObject({
      status: 401,
      body: { code: 'AUTH.REFRESH_TOKEN_REUSED' },
    });
  });

  it('detects a stolen token in each order of use by thief and owner', async () => {
    for (const thiefIsFirst of [true, false]) {
      const stolen = await app.register();
      const thief = await refresh(stolen.refreshToken);
      const owner = await refresh(stolen.refreshToken);
      // Within the grace both hold the same token. The second use is the reuse.
      const [early, late] = thiefIsFirst ? [thief, owner] : [owner, thief];
      await expect(refresh(early.body.refreshToken)).resolves.toMatchObject({ status: 200 });
      await age(stolen, 11);
      await expect(refresh(late.body.refreshToken)).resolves.toMatchObject({
        body: { code: 'AUTH.REFRESH_TOKEN_REUSED' },
      });
    }
  });

  it('survives a made-up token with its id', async () => {
    const { accessToken, refreshToken } = await app.register();
    const forged = refreshToken.replace(/.{43}$/, 'A'.repeat(43));
    await expect(refresh(forged)).resolves.toMatchObject({ status: 401 });
    await expect(app.post('/v1/auth/logout', { refreshToken: forged })).resolves.toMatchObject({ status: 204 });
    await expect(whoAmI(accessToken)).resolves.toMatchObject({ status: 200 });
  });

  it('refuses a token of a generation that the database does not know, as after a restored backup', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    await app.sql(sql`update sessions set generation = 0 where user_id = ${first.user.id}`);
    await expect(refresh(second.body.refreshToken)).resolves.toMatchObject({
      body: { code: 'AUTH.REFRESH_TOKEN_INVALID' },
    });
  });

  it('ignores a used generation with a made-up proof', async () => {
    const first = await app.register();
    const second = await refresh(first.refreshToken);
    const forged = first.refreshToken.replace(/.{43}$/, 'A'.repeat(43));
    await expect(refresh(forged)).resolves.toMatchObject({ body: { code: 'AUTH.REFRESH_TOKEN_INVALID' } });
    await age(first, 11);
    await expect(refresh(forged)).resolves.toMatchObject({ body: { code: 'AUTH.REFRESH_TOKEN_INVALID' } });
    await expect(refresh(second.body.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it.each([
    ['an access token', (tokens: Tokens) => tokens.accessToken],
    ['a number', () => 7],
    ['an object', () => ({ $gt: '' })],
    ['nothing', () => undefined],
    ['10 KB', () => 'x'.repeat(10_000)],
    ['a future generation', (tokens: Tokens) => tokens.refreshToken.replace('_0_', '_5_')],
  ])('refuses to continue with %s', async (_what, make) => {
    const tokens = await app.register();
    const answer = await app.post('/v1/auth/refresh', { refreshToken: make(tokens) });
    expect([400, 401]).toContain(answer.status);
    await expect(refresh(tokens.refreshToken)).resolves.toMatchObject({ status: 200 });
  });

  it('ends after a week without use, and after a month in any case', async () => {
    const idle = await app.register();
    await age(idle, 7 * 86_400 + 1);
    await expect(refresh(idle.refreshToken)).resolves.toMatchObject({ status: 401 });
    await expect(whoAmI(idle.accessToken)).resolves.toMatchObject({ status: 401 });

    let busy = await app.register();
    for (let week = 0; week < 5; week++) {
      await age(busy, 6 * 86_400);
      const answer = await refresh(busy.refreshToken);
      expect(answer.status).toBe(week < 4 ? 200 : 401);
      if (answer.status === 200) busy = answer.body;
      if (week === 3) await age(busy, 86_400);
    }
  });

  it('ends at once at sign-out, which can be repeated', async () => {
    const { accessToken, refreshToken } = await app.register();
    for (let i = 0; i < 2; i++) {
      await expect(app.post('/v1/auth/logout', { refreshToken })).resolves.toMatchObject({ status: 204 });
    }
    await expect(whoAmI(accessToken)).resolves.toMatchObject({ status: 401 });
    await expect(refresh(refreshToken)).resolves.toMatchObject({ status: 401 });
  });

  it('lists sessions with address and time, and ends a single one', async () => {
    const here = await app.register('lister', { headers: { 'user-agent': 'here/1' }, from: '127.0.0.7' });
    const there = await app.login('lister', PASSWORD, { headers: { 'user-agent': 'there/2' } });
    const { body } = await app.call<{ items: Record<string, unknown>[] }>('GET', '/v1/me/sessions', {
      token: here.accessToken,
    });
    expect(body.items).toEqual([
      expect.objectContaining({ isCurrent: false, userAgent: 'there/2' }),
      expect.objectContaining({ isCurrent: true, userAgent: 'here/1', address: '127.0.0.7' }),
    ]);
    const other = String(body.items[0]?.['id']);
    const stranger = await app.register();
    for (const [token, id] of [
      [stranger.accessToken, other],
      [here.accessToken, newId()],
    ] as const) {
      const answer = await app.call('DELETE', `/v1/me/sessions/${id}`, { token });
      expect(answer).toMatchObject({ status: 404, body: { code: 'AUTH.SESSION_NOT_FOUND' } });
    }
    await expect(whoAmI(there.body.accessToken)).resolves.toMatchObject({ status: 200 });
    await expect(app.call('DELETE', `/v1/me/sessions/${other}`, { token: here.accessToken })).resolves.toMatchObject({
      status: 204,
    });
    await expect(whoAmI(there.body.accessToken)).resolves.toMatchObject({ status: 401 });
  });

  it('ends all sessions but the present one', async () => {
    const { accessToken } = await app.register('ender');
    const others = [await app.login('ender'), await app.login('ender')];
    await expect(app.call('DELETE', '/v1/me/sessions', { token: accessToken })).resolves.toMatchObject({
      status: 200,
      body: { ended: 2 },
    });
    for (const { body } of others) await expect(whoAmI(body.accessToken)).resolves.toMatchObject({ status: 401 });
    await expect(whoAmI(accessToken)).resolves.toMatchObject({ status: 200 });
  });

  it('keeps at most 100 sessions of one user, and drops the longest unused', async () => {
    const first = await app.register('collector');
    await app.sql(sql`
      insert into sessions (id, user_id, family_salt, token_hash, idle_expires_at, expires_at)
      select gen_random_uuid(), ${first.user.id}, sha256(n::text::bytea), sha256(n::text::bytea), now() + interval '1 day', now() + interval '1 day'
      from generate_series(1, 99) n`);
    await expect(whoAmI(first.accessToken)).resolves.toMatchObject({ status: 200 });
    await age(first, 60);
    await app.sql(
      sql`update sessions set rotated_at = rotated_at - interval '1 second' where user_id = ${first.user.id} and user_agent is not null`,
    );
    await app.login('collector');
    await expect(whoAmI(first.accessToken)).resolves.toMatchObject({ status: 401 });
    const [count] = await app.sql(
      sql<{ count: number }>`select count(*)::int as count from sessions where user_id = ${first.user.id}`,
    );
    expect(count).toEqual({ count: 100 });
  });

  it('stores no token in the database', async () => {
    const { refreshToken, user } = await app.register();
    const rows = await app.sql(sql<{ row: string }>`select s::text as row from sessions s where user_id = ${user.id}`);
    const proof = Buffer.from(refreshToken.slice(-43), 'base64url').toString('hex');
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(proof);
    expect(rows[0]?.row).not.toContain(refreshToken.slice(-43));
  });
});
