import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Operators } from '#auth';

import { type Call } from '../../support/api-client.js';
import { aTeam, type Person, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';

const PASSWORD = 'plum wagon orbit 42';
const NEXT = 'another wagon 77 orbit';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly id: string };
}

/**
 * Every route of identity, beside the rest of the API. The client holds each answer against the OpenAPI document, so that reaching a status
 * here proves that it is documented, with its body.
 */
describe('the routes of identity', () => {
  let stowage: Stowage;
  let team: Team;
  let operator: string;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
    await stowage.api.get(Operators, { strict: false }).create('boss', PASSWORD);
    const { body } = await stowage.client.post<Tokens>('/v1/auth/login', {
      body: { username: 'boss', password: PASSWORD },
    });
    operator = body.accessToken;
  });
  afterAll(() => stowage.stop());

  const status = async (method: string, path: string, call: Call = {}): Promise<number> =>
    (await stowage.client.send(method, path, call)).status;
  const as = (person: Person): Call => ({ token: person.token });

  it('answers registration, sign-in, refresh and sign-out as documented', async () => {
    const { client } = stowage;
    const registered = await client.post<Tokens>('/v1/auth/register', {
      body: { username: 'ada', password: PASSWORD, email: 'ada@example.com' },
    });
    expect(registered.status).toBe(201);
    const { refreshToken } = registered.body;
    expect(await status('POST', '/v1/auth/register', { body: { username: 'ada', password: PASSWORD } })).toBe(409);
    expect(await status('POST', '/v1/auth/register', { body: { username: 'eve', password: 'password' } })).toBe(400);
    expect(
      await status('POST', '/v1/auth/register', { body: { username: 'eve', password: PASSWORD, inviteCode: 'none' } }),
    ).toBe(404);
    expect(await status('POST', '/v1/auth/login', { body: { username: 'ada', password: PASSWORD } })).toBe(200);
    expect(await status('POST', '/v1/auth/login', { body: { username: 'ada', password: 'wrong' } })).toBe(401);
    expect(await status('POST', '/v1/auth/refresh', { body: { refreshToken } })).toBe(200);
    expect(await status('POST', '/v1/auth/refresh', { body: { refreshToken: 'none' } })).toBe(401);
    expect(await status('POST', '/v1/auth/logout', { body: { refreshToken } })).toBe(204);
    expect(await status('POST', '/v1/auth/reset', { body: { username: 'ada', code: 'none', password: NEXT } })).toBe(
      401,
    );
    expect(await status('GET', '/.well-known/jwks.json')).toBe(200);
  });

  it('answers a throttled sign-in as documented', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++)
      statuses.push(await status('POST', '/v1/auth/login', { body: { username: 'guess-me', password: 'x' } }));
    expect(statuses.at(-1)).toBe(429);
  });

  it('answers the routes of the own account as documented', async () => {
    const person = team.viewer;
    expect(await status('GET', '/v1/me')).toBe(401);
    expect(await status('GET', '/v1/me', as(person))).toBe(200);
    const edit = { email: 'viewer@example.com', currentPassword: person.password };
    expect(await status('PATCH', '/v1/me', { ...as(person), body: edit })).toBe(200);
    expect(await status('PATCH', '/v1/me', { ...as(person), body: { ...edit, currentPassword: 'wrong' } })).toBe(403);
    expect(await status('PATCH', '/v1/me', { ...as(person), body: { ...edit, email: 'none' } })).toBe(400);
    const sessions = await person.get<{ items: { id: string }[] }>('/v1/me/sessions');
    expect(sessions.body.items).toHaveLength(1);
    expect(await status('DELETE', '/v1/me/sessions', as(person))).toBe(200);
    expect(await status('DELETE', `/v1/me/sessions/${team.organizationId}`, as(person))).toBe(404);
    const change = { currentPassword: person.password, newPassword: NEXT };
    expect(await status('POST', '/v1/me/password', { ...as(person), body: { ...change, currentPassword: 'no' } })).toBe(
      403,
    );
    expect(await status('POST', '/v1/me/password', { ...as(person), body: change })).toBe(204);
    expect(await status('DELETE', `/v1/me/sessions/${sessions.body.items[0]?.id ?? ''}`, as(person))).toBe(204);
    expect(await status('GET', '/v1/me', as(person))).toBe(401);
  });

  it('answers the routes of API tokens as documented', async () => {
    const { developer, organizationId, path } = team;
    const order = { name: 'build', organizationId, role: 'developer' };
    const made = await developer.post<{ id: string; token: string }>('/v1/me/tokens', order);
    expect(made.status).toBe(201);
    expect(await status('POST', '/v1/me/tokens', { ...as(developer), body: { ...order, role: 'admin' } })).toBe(403);
    const elsewhere = { ...order, organizationId: made.body.id };
    expect(await status('POST', '/v1/me/tokens', { ...as(developer), body: elsewhere })).toBe(404);
    expect(await status('GET', '/v1/me/tokens', as(developer))).toBe(200);
    expect(await status('GET', path, { token: made.body.token })).toBe(200);
    expect(await status('GET', '/v1/me', { token: made.body.token })).toBe(403);
    expect(await status('DELETE', `/v1/me/tokens/${made.body.id}`, as(developer))).toBe(204);
    expect(await status('DELETE', `/v1/me/tokens/${made.body.id}`, as(developer))).toBe(404);
    expect(await status('GET', path, { token: made.body.token })).toBe(401);
  });

  it('answers the routes of service accounts as documented', async () => {
    const { admin, developer, path } = team;
    const accounts = `${path}/service-accounts`;
    const made = await admin.post<{ id: string }>(accounts, { name: 'runner', scope: 'runtime' });
    expect(made.status).toBe(201);
    expect(await status('POST', accounts, { ...as(admin), body: { name: 'runner', role: 'viewer' } })).toBe(409);
    expect(
      await status('POST', accounts, { ...as(admin), body: { name: 'both', role: 'viewer', scope: 'runtime' } }),
    ).toBe(400);
    expect(await status('GET', accounts, as(developer))).toBe(403);
    expect(await status('GET', accounts, as(admin))).toBe(200);
    const tokens = `${accounts}/${made.body.id}/tokens`;
    const key = await admin.post<{ id: string; token: string }>(tokens, { name: 'key' });
    expect(key.status).toBe(201);
    expect(await status('POST', `${accounts}/${key.body.id}/tokens`, { ...as(admin), body: { name: 'key' } })).toBe(
      404,
    );
    expect(await status('GET', tokens, as(admin))).toBe(200);
    expect(await status('GET', path, { token: key.body.token })).toBe(403);
    expect(await status('DELETE', `${tokens}/${key.body.id}`, as(admin))).toBe(204);
    expect(await status('DELETE', `${tokens}/${key.body.id}`, as(admin))).toBe(404);
    expect(await status('DELETE', `${accounts}/${made.body.id}`, as(admin))).toBe(204);
    expect(await status('DELETE', `${accounts}/${made.body.id}`, as(admin))).toBe(404);
  });

  it('answers operators as documented', async () => {
    const { client } = stowage;
    const call = { token: operator };
    const victim = await client.post<Tokens>('/v1/auth/register', {
      body: { username: 'forgetful', password: PASSWORD },
    });
    const path = `/v1/admin/users/${victim.body.user.id}`;
    expect(await status('GET', '/v1/admin/users', call)).toBe(200);
    expect(await status('GET', '/v1/admin/users', as(team.admin))).toBe(403);
    const made = await client.post<{ code: string }>(`${path}/reset-code`, call);
    expect(made.status).toBe(201);
    const reset = { username: 'forgetful', code: made.body.code, password: NEXT };
    expect(await status('POST', '/v1/auth/reset', { body: { ...reset, password: 'password' } })).toBe(400);
    expect(await status('POST', '/v1/auth/reset', { body: reset })).toBe(204);
    expect(await status('POST', `${path}/disable`, call)).toBe(200);
    expect(await status('POST', `${path}/enable`, call)).toBe(200);
    expect(await status('POST', `/v1/admin/users/${team.organizationId}/disable`, call)).toBe(404);
    const me = await client.get<{ id: string }>('/v1/me', call);
    expect(await status('POST', `/v1/admin/users/${me.body.id}/disable`, call)).toBe(409);
    expect(await status('GET', team.path, call)).toBe(200);
  });

  it('documents the access of each route, and the security scheme of Swagger UI', async () => {
    const document = (await (await fetch(`${stowage.client.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { security?: object[]; 'x-required-role'?: string; description: string }>>;
      components: { securitySchemes: Record<string, object> };
    };
    expect(document.components.securitySchemes).toEqual({
      bearer: expect.objectContaining({ type: 'http', scheme: 'bearer' }),
    });
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
    );
    const open = operations.filter(({ security }) => security?.length === 0).map(({ name }) => name);
    expect(open.filter((name) => name.includes('/v1/')).sort()).toEqual([
      'get /v1/version',
      'post /v1/auth/login',
      'post /v1/auth/logout',
      'post /v1/auth/refresh',
      'post /v1/auth/register',
      'post /v1/auth/reset',
    ]);
    for (const { name, security, 'x-required-role': role } of operations) {
      if (open.includes(name)) continue;
      expect([name, security, role]).toEqual([
        name,
        [{ bearer: [] }],
        expect.stringMatching(/^(viewer|developer|admin|operator|signed-in)$/),
      ]);
    }
  });
});
