import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { AuthErrors, Operators, PasswordHasher } from '#auth';
import { sql } from '#database';
import { newId } from '#kernel';

import { type Answer, IdentityApp, PASSWORD, type Tokens } from './identity-app.js';

const NEXT = 'another wagon 77 orbit';

describe('operators', () => {
  let app: IdentityApp;
  let operator: Tokens;

  beforeAll(async () => {
    app = await IdentityApp.start();
    await app.app.get(Operators, { strict: false }).create('boss', PASSWORD);
    operator = (await app.login('boss')).body;
  });
  afterAll(() => app.stop());

  const act = (userId: string, verb: string, token = operator.accessToken): Promise<Answer> =>
    app.post(`/v1/admin/users/${userId}/${verb}`, {}, { token });
  const reset = (username: string, code: unknown, password = NEXT): Promise<Answer> =>
    app.post('/v1/auth/reset', { username, code, password });

  it('makes operators by a command alone, which can also promote an existing account', async () => {
    const operators = app.app.get(Operators, { strict: false });
    const { user, accessToken } = await app.register();
    expect((await app.call('GET', '/v1/test/operators', { token: accessToken })).status).toBe(403);
    await expect(operators.exists(user.username)).resolves.toBe(true);
    await expect(operators.promote(user.username.toUpperCase())).resolves.toBe(user.username);
    expect(await app.call('GET', '/v1/test/operators', { token: accessToken })).toMatchObject({
      body: { isOperator: true },
    });
    await expect(operators.create('weak-boss', 'password')).rejects.toMatchObject({ code: 'AUTH.PASSWORD_REFUSED' });
    await expect(operators.exists('аdmin')).rejects.toMatchObject({ code: 'AUTH.USERNAME_INVALID' });
  });

  it('passes every check of an existing organization, and answers 404 for a missing one', async () => {
    const { user } = await app.register();
    const organizationId = await app.join(user.id, 'viewer');
    const path = (id: string): string => `/v1/organizations/${id}/admins`;
    expect(await app.call('GET', path(organizationId), { token: operator.accessToken })).toMatchObject({
      status: 200,
      body: { role: 'admin' },
    });
    expect(await app.call('GET', path(newId()), { token: operator.accessToken })).toMatchObject({ status: 404 });
  });

  it('ends sessions and tokens for good when an account is disabled and enabled', async () => {
    const person = await app.register();
    const organizationId = await app.join(person.user.id, 'admin');
    const made = await app.post<{ token: string }>(
      '/v1/me/tokens',
      { name: 'x', organizationId, role: 'admin' },
      { token: person.accessToken },
    );
    const seen = async (token: string): Promise<number> =>
      (await app.call('GET', `/v1/organizations/${organizationId}/viewers`, { token })).status;
    expect([await seen(person.accessToken), await seen(made.body.token)]).toEqual([200, 200]);

    expect(await act(person.user.id, 'disable')).toMatchObject({
      status: 200,
      body: { disabledAt: expect.any(String) },
    });
    expect([await seen(person.accessToken), await seen(made.body.token)]).toEqual([401, 401]);
    expect((await app.post('/v1/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401);
    const refused = await app.login(person.user.username);
    const unknown = await app.login('unknown-at-all');
    expect({ ...refused.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });

    expect(await act(person.user.id, 'enable')).toMatchObject({ status: 200, body: { disabledAt: null } });
    expect([await seen(person.accessToken), await seen(made.body.token)]).toEqual([401, 401]);
    expect((await app.login(person.user.username)).status).toBe(200);
  });

  it('refuses a disabled account by the row alone, whatever else is left', async () => {
    const person = await app.register();
    await app.sql(sql`update users set disabled_at = now() where id = ${person.user.id}`);
    expect((await app.call('GET', '/v1/me', { token: person.accessToken })).status).toBe(401);
    expect((await app.post('/v1/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401);
  });

  it('leaves no way in for a deleted user', async () => {
    const person = await app.register();
    await app.sql(sql`delete from users where id = ${person.user.id}`);
    expect((await app.call('GET', '/v1/me', { token: person.accessToken })).status).toBe(401);
    expect((await app.post('/v1/auth/refresh', { refreshToken: person.refreshToken })).status).toBe(401);
  });

  it('refuses to disable the own account, or a missing one', async () => {
    expect(await act(operator.user.id, 'disable')).toMatchObject({
      status: 409,
      body: { code: 'AUTH.CANNOT_DISABLE_SELF' },
    });
    expect((await act(newId(), 'disable')).status).toBe(404);
    expect((await act('not-an-id', 'disable')).status).toBe(400);
  });

  it('refuses everybody else', async () => {
    const person = await app.register();
    for (const verb of ['disable', 'enable', 'reset-code']) {
      expect((await act(operator.user.id, verb, person.accessToken)).status).toBe(403);
    }
    expect((await app.call('GET', '/v1/admin/users', { token: person.accessToken })).status).toBe(403);
    expect((await app.call('GET', '/v1/admin/users')).status).toBe(401);
  });

  it('finds accounts', async () => {
    const { user } = await app.register('Findable');
    const found = await app.call<{ items: object[] }>('GET', '/v1/admin/users?username=findable', {
      token: operator.accessToken,
    });
    expect(found.body.items).toEqual([
      expect.objectContaining({ id: user.id, username: 'Findable', disabledAt: null }),
    ]);
    const page = await app.call<{ items: object[]; nextCursor: string | null }>('GET', '/v1/admin/users?limit=1', {
      token: operator.accessToken,
    });
    expect(page.body.items).toHaveLength(1);
    expect(page.body.nextCursor).not.toBeNull();
  });

  it('resets a forgotten password by a code that works once', async () => {
    const person = await app.register();
    const { username, id } = person.user;
    const old = await act(id, 'reset-code');
    const made = await act(id, 'reset-code');
    expect(made.status).toBe(201);
    const code = made.body['code'];
    const refused = [
      await reset(username, old.body['code']),
      await reset(username, 'x'.repeat(43)),
      await reset('unknown-at-all', code),
      await reset((await app.register()).user.username, code),
    ];
    for (const answer of refused) {
      expect({ ...answer.body, requestId: '' }).toEqual({ ...refused[0]?.body, requestId: '' });
      expect(answer).toMatchObject({ status: 401, body: { code: 'AUTH.RESET_CODE_INVALID' } });
    }
    expect((await reset(username, code, 'password')).status).toBe(400);
    expect((await reset(username, code)).status).toBe(204);
    expect((await reset(username, code)).status).toBe(401);
    expect((await app.call('GET', '/v1/me', { token: person.accessToken })).status).toBe(401);
    expect((await app.login(username)).status).toBe(401);
    expect((await app.login(username, NEXT)).status).toBe(200);
    expect(app.log.join('')).not.toContain(String(code));
  });

  it('keeps a code good when the service was too busy to use the code', async () => {
    const person = await app.register();
    const { body } = await act(person.user.id, 'reset-code');
    jest.spyOn(app.app.get(PasswordHasher, { strict: false }), 'hash').mockRejectedValueOnce(AuthErrors.BUSY.because());
    expect((await reset(person.user.username, body['code'])).status).toBe(503);
    expect((await reset(person.user.username, body['code'])).status).toBe(204);
  });

  it('expires a code after half an hour', async () => {
    const person = await app.register();
    const { body } = await act(person.user.id, 'reset-code');
    expect((Date.parse(String(body['expiresAt'])) - Date.now()) / 60_000).toBeCloseTo(30, 0);
    await app.sql(sql`update reset_codes set expires_at = now() where user_id = ${person.user.id}`);
    expect((await reset(person.user.username, body['code'])).status).toBe(401);
  });

  it('records every action of an operator', async () => {
    const rows = await app.sql(sql<{ action: string }>`select distinct action from audit_entries order by action`);
    expect(rows.map(({ action }) => action)).toEqual([
      'api_token_create',
      'authn_login_success',
      'authn_password_reset',
      'authn_reset_code_create',
      'operator_create',
      'operator_grant',
      'user_create',
      'user_disable',
      'user_enable',
    ]);
  });
});
