import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { AccessResolver } from '#auth';
import { sql } from '#database';
import { newId, type Role } from '#kernel';

import { type Answer, IdentityApp, type Tokens } from './identity-app.js';

interface NewToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

describe('API tokens', () => {
  let app: IdentityApp;
  let admin: Tokens;
  let organizationId: string;

  beforeAll(async () => {
    app = await IdentityApp.start({ STOWAGE_LIMIT_TOKENS: '10' });
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    admin = await app.register();
    organizationId = await app.join(admin.user.id, 'admin');
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const order = (person: Tokens, body: object): Promise<Answer<NewToken>> =>
    app.post<NewToken>('/v1/me/tokens', { name: 'build', organizationId, ...body }, { token: person.accessToken });
  const make = async (person: Tokens, role: Role): Promise<NewToken> => {
    const answer = await order(person, { role });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const as = (
    token: string,
    role: 'viewers' | 'developers' | 'admins',
    organization = organizationId,
  ): Promise<Answer> => app.call('GET', `/v1/organizations/${organization}/${role}`, { token });

  it('grants its own role in one organization, through the same guard', async () => {
    const { token, id } = await make(admin, 'developer');
    expect(await as(token, 'developers')).toMatchObject({
      status: 200,
      body: {
        kind: 'api-token',
        id: admin.user.id,
        tokenId: id,
        sessionId: null,
        role: 'developer',
        isOperator: false,
      },
    });
    expect(await as(token, 'admins')).toMatchObject({
      status: 403,
      body: { code: 'RBAC.ROLE_TOO_LOW', requiredRole: 'admin', role: 'developer' },
    });
  });

  it('reads its own identity, and its role in its organization', async () => {
    const { token, id, expiresAt } = await make(admin, 'developer');
    const read = (credential: string): Promise<Answer> => app.call('GET', '/v1/me/access', { token: credential });
    const { id: userId, username } = admin.user;
    expect(await read(token)).toMatchObject({
      status: 200,
      body: {
        kind: 'api-token',
        id: userId,
        name: username,
        token: { id, name: 'build', organizationId, expiresAt },
        role: 'developer',
        scope: null,
      },
    });
    expect(await read(admin.accessToken)).toMatchObject({
      status: 200,
      body: { kind: 'user', id: userId, name: username, token: null, role: null, scope: null },
    });
    await app.sql(sql`update test_members set role = 'viewer' where user_id = ${userId}`);
    expect(await read(token)).toMatchObject({ body: { role: 'viewer', token: { role: 'developer' } } });
    await app.sql(sql`delete from test_members where user_id = ${userId}`);
    expect(await read(token)).toMatchObject({ status: 401 });
  });

  it('expires after 90 days by default, and after 366 at most', async () => {
    const { body } = await order(admin, { role: 'viewer' });
    const days = (Date.parse(body.expiresAt) - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(90, 1);
    expect(await order(admin, { role: 'viewer', expiresInSeconds: 367 * 86_400 })).toMatchObject({ status: 400 });
    expect(await order(admin, { role: 'viewer', expiresInSeconds: 0 })).toMatchObject({ status: 400 });
  });

  it('shows a token once, and stores a hash', async () => {
    const { token, id } = await make(admin, 'viewer');
    const { body } = await app.call<{ items: { id: string }[] }>('GET', '/v1/me/tokens', { token: admin.accessToken });
    expect(body.items.map((item) => item.id)).toEqual([id]);
    expect(JSON.stringify(body)).not.toContain(token);
    const [row] = await app.sql(sql<{ row: string }>`select t::text as row from api_tokens t where id = ${id}`);
    expect(row?.row).not.toContain(token.slice(30, 60));
    expect(app.log.join('')).not.toContain(token);
  });

  it('records the last use of a token', async () => {
    const { token, id } = await make(admin, 'viewer');
    await as(token, 'viewers');
    let used: unknown = null;
    for (let i = 0; i < 50 && used === null; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      [used] = (
        await app.sql(sql<{ at: string | null }>`select last_used_at as at from api_tokens where id = ${id}`)
      ).map(({ at }) => at);
    }
    expect(used).not.toBeNull();
  });

  it('grants no more than the present role of the owner, and nothing after the owner has left', async () => {
    const { token } = await make(admin, 'admin');
    expect((await as(token, 'admins')).status).toBe(200);
    await app.join(admin.user.id, 'viewer', organizationId);
    expect(await as(token, 'admins')).toMatchObject({ status: 403, body: { role: 'viewer' } });
    expect((await as(token, 'viewers')).status).toBe(200);
    await app.sql(sql`delete from test_members where user_id = ${admin.user.id}`);
    expect((await as(token, 'viewers')).status).toBe(401);
  });

  it('refuses a token with a higher role, or for a foreign organization', async () => {
    const developer = await app.register();
    await app.join(developer.user.id, 'developer', organizationId);
    expect(await order(developer, { role: 'admin' })).toMatchObject({
      status: 403,
      body: { code: 'AUTH.TOKEN_ROLE_TOO_HIGH', role: 'developer' },
    });
    const stranger = await app.register();
    const foreign = await order(stranger, { role: 'viewer' });
    const missing = await order(stranger, { role: 'viewer', organizationId: newId() });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'ORGANIZATIONS.NOT_FOUND' } });
    expect({ ...missing.body, requestId: '' }).toEqual({ ...foreign.body, requestId: '' });
  });

  it('answers in other organizations byte for byte as for missing ones', async () => {
    const { token } = await make(admin, 'admin');
    const other = await app.register();
    const elsewhere = await app.join(other.user.id, 'admin');
    const answers = [await as(token, 'viewers', elsewhere), await as(token, 'viewers', newId())];
    answers.push(await as(other.accessToken, 'viewers'), await as(other.accessToken, 'admins', newId()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(new Set(answers.map(({ body }) => JSON.stringify({ ...body, requestId: '' }))).size).toBe(1);
  });

  it('refuses tokens that make tokens, change passwords or list sessions', async () => {
    const { token } = await make(admin, 'admin');
    for (const [method, path, body] of [
      ['POST', '/v1/me/tokens', { name: 'x', organizationId, role: 'viewer' }],
      ['POST', '/v1/me/password', { currentPassword: 'x', newPassword: 'y' }],
      ['GET', '/v1/me/sessions', undefined],
      ['GET', '/v1/test/people', undefined],
      ['GET', '/v1/test/operators', undefined],
    ] as const) {
      const answer = await app.call(method, path, { token, body });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect((await app.call('GET', '/v1/test/anybody', { token })).status).toBe(200);
  });

  it('refuses a changed character, a wrong checksum or another prefix without a database query', async () => {
    const { token } = await make(admin, 'viewer');
    const ask = jest.spyOn(app.app.get(AccessResolver), 'resolve');
    const swap = (at: number): string => token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    for (const bad of [
      swap(8),
      swap(30),
      swap(50),
      swap(token.length - 1),
      token.slice(0, -1),
      `${token}A`,
      'stow_',
      token.toUpperCase(),
    ]) {
      expect((await as(bad, 'viewers')).status).toBe(401);
    }
    expect(ask).not.toHaveBeenCalled();
    expect((await as(token, 'viewers')).status).toBe(200);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('stops a deleted or expired token at once', async () => {
    const [first, second] = [await make(admin, 'viewer'), await make(admin, 'viewer')];
    const stranger = await app.register();
    const remove = (person: Tokens, id: string): Promise<Answer> =>
      app.call('DELETE', `/v1/me/tokens/${id}`, { token: person.accessToken });
    expect((await remove(stranger, first.id)).status).toBe(404);
    expect((await as(first.token, 'viewers')).status).toBe(200);
    expect((await remove(admin, first.id)).status).toBe(204);
    expect((await as(first.token, 'viewers')).status).toBe(401);
    expect((await remove(admin, first.id)).status).toBe(404);
    await app.sql(sql`update api_tokens set expires_at = now() where id = ${second.id}`);
    expect((await as(second.token, 'viewers')).status).toBe(401);
  });

  it('limits the number of tokens, also for 50 parallel requests', async () => {
    for (let i = 0; i < 9; i++) await make(admin, 'viewer');
    const answers = await Promise.all(Array.from({ length: 50 }, () => order(admin, { role: 'viewer' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.find(({ status }) => status !== 201)).toMatchObject({
      status: 409,
      body: { code: 'AUTH.TOKEN_LIMIT_REACHED', limit: 10 },
    });
  });

  describe('of service accounts', () => {
    const path = (rest = ''): string => `/v1/organizations/${organizationId}/service-accounts${rest}`;
    const account = async (body: object): Promise<string> => {
      const answer = await app.post<{ id: string }>(path(), body, { token: admin.accessToken });
      expect(answer.status).toBe(201);
      return answer.body.id;
    };
    const tokenOf = async (id: string): Promise<NewToken> => {
      const answer = await app.post<NewToken>(path(`/${id}/tokens`), { name: 'key' }, { token: admin.accessToken });
      expect(answer.status).toBe(201);
      return answer.body;
    };

    it('grants the role of the account, and outlives the user who made the account', async () => {
      const id = await account({ name: 'ci', role: 'developer' });
      const { token } = await tokenOf(id);
      expect(await as(token, 'developers')).toMatchObject({
        status: 200,
        body: { kind: 'service-account', id, name: 'ci', role: 'developer', scope: null },
      });
      expect((await as(token, 'admins')).status).toBe(403);
      await app.sql(sql`delete from test_members where user_id = ${admin.user.id}`);
      expect((await as(token, 'developers')).status).toBe(200);
      await app.join(admin.user.id, 'admin', organizationId);
      expect((await app.call('DELETE', path(`/${id}`), { token: admin.accessToken })).status).toBe(204);
      expect((await as(token, 'developers')).status).toBe(401);
    });

    it('limits the scope runtime to the routes that declare the scope', async () => {
      const { token } = await tokenOf(await account({ name: 'runner', scope: 'runtime' }));
      expect(await as(token, 'viewers')).toMatchObject({ status: 200, body: { scope: 'runtime', role: null } });
      for (const role of ['developers', 'admins'] as const) {
        expect(await as(token, role)).toMatchObject({
          status: 403,
          body: { code: 'RBAC.SCOPE_TOO_NARROW', scope: 'runtime' },
        });
      }
      const other = await app.register();
      const elsewhere = await app.join(other.user.id, 'admin');
      expect((await as(token, 'viewers', elsewhere)).status).toBe(404);
    });

    it('reads its own identity with its scope', async () => {
      const id = await account({ name: 'reporter', scope: 'runtime' });
      const { token, id: tokenId } = await tokenOf(id);
      expect(await app.call('GET', '/v1/me/access', { token })).toMatchObject({
        status: 200,
        body: {
          kind: 'service-account',
          id,
          name: 'reporter',
          token: { id: tokenId, organizationId, role: null },
          role: null,
          scope: 'runtime',
        },
      });
    });

    it('lets admins alone make service accounts', async () => {
      const developer = await app.register();
      await app.join(developer.user.id, 'developer', organizationId);
      const answer = await app.post(path(), { name: 'x', role: 'viewer' }, { token: developer.accessToken });
      expect(answer).toMatchObject({ status: 403, body: { requiredRole: 'admin' } });
    });

    it('requires an account of that organization, a unique name, and a role or a scope', async () => {
      const id = await account({ name: 'Büro', role: 'viewer' });
      expect(await app.post(path(), { name: 'bÜRO', role: 'viewer' }, { token: admin.accessToken })).toMatchObject({
        status: 409,
        body: { code: 'AUTH.SERVICE_ACCOUNT_NAME_TAKEN' },
      });
      for (const body of [
        { name: 'a' },
        { name: 'a', role: 'viewer', scope: 'runtime' },
        { name: 'a', scope: 'root' },
      ]) {
        expect((await app.post(path(), body, { token: admin.accessToken })).status).toBe(400);
      }
      const other = await app.register();
      const elsewhere = await app.join(other.user.id, 'admin');
      const foreign = `/v1/organizations/${elsewhere}/service-accounts/${id}`;
      for (const answer of [
        await app.post(`${foreign}/tokens`, { name: 'x' }, { token: other.accessToken }),
        await app.call('DELETE', foreign, { token: other.accessToken }),
        await app.call('GET', `${foreign}/tokens`, { token: other.accessToken }),
      ]) {
        expect(answer).toMatchObject({ status: 404, body: { code: 'AUTH.SERVICE_ACCOUNT_NOT_FOUND' } });
      }
    });

    it('limits an organization to a thousand service accounts', async () => {
      await app.sql(sql`
        insert into service_accounts (id, organization_id, name, name_key, role)
        select gen_random_uuid(), ${organizationId}, n, n, 'viewer' from generate_series(1, 1000) n`);
      const answer = await app.post(path(), { name: 'one more', role: 'viewer' }, { token: admin.accessToken });
      expect(answer).toMatchObject({ status: 409, body: { code: 'AUTH.SERVICE_ACCOUNT_LIMIT_REACHED', limit: 1000 } });
    });

    it('lists tokens, and deletes a single one', async () => {
      const id = await account({ name: 'lister', role: 'viewer' });
      const { token, id: tokenId } = await tokenOf(id);
      const listed = await app.call<{ items: object[] }>('GET', path(`/${id}/tokens`), { token: admin.accessToken });
      expect(listed.body.items).toEqual([expect.objectContaining({ id: tokenId, name: 'key', role: null })]);
      const accounts = await app.call<{ items: object[] }>('GET', path(), { token: admin.accessToken });
      expect(accounts.body.items).toEqual([
        expect.objectContaining({ id, name: 'lister', role: 'viewer', scope: null }),
      ]);
      expect((await app.call('DELETE', path(`/${id}/tokens/${tokenId}`), { token: admin.accessToken })).status).toBe(
        204,
      );
      expect((await as(token, 'viewers')).status).toBe(401);
    });
  });
});
