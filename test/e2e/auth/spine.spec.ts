import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { IdentityApp, PASSWORD, type Tokens } from './identity-app.js';

describe('signing in', () => {
  let app: IdentityApp;
  beforeAll(async () => {
    app = await IdentityApp.start();
  });
  afterAll(() => app.stop());

  it('answers registration, login and refresh alike', async () => {
    const registered = await app.post<Tokens>('/v1/auth/register', {
      username: 'Ada',
      password: PASSWORD,
      email: 'ada@Example.com',
    });
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: expect.any(String),
      user: { id: expect.any(String), username: 'Ada', email: 'ada@example.com', isOperator: false },
    });
    for (const name of ['ada', 'ADA', 'ada@example.com', 'ADA@example.COM']) {
      expect(await app.login(name)).toMatchObject({ status: 200, body: { user: registered.body.user } });
    }
    const refreshed = await app.post('/v1/auth/refresh', { refreshToken: registered.body.refreshToken });
    expect(refreshed).toMatchObject({ status: 200, body: { user: registered.body.user } });
  });

  it('identifies the user by the access token', async () => {
    const { accessToken, user } = await app.register();
    const answer = await app.call('GET', '/v1/test/people', { token: accessToken });
    expect(answer).toMatchObject({ status: 200, body: { id: user.id, name: user.username, kind: 'user', role: null } });
  });

  it('joins by invite code, or makes no account at all', async () => {
    const { user } = await app.register();
    const organizationId = await app.join(user.id, 'admin');
    const body = { username: 'newcomer', password: PASSWORD };
    expect(await app.post('/v1/auth/register', { ...body, inviteCode: 'shut' })).toMatchObject({ status: 410 });
    expect(await app.login('newcomer')).toMatchObject({ status: 401 });
    const joined = await app.post<Tokens>('/v1/auth/register', { ...body, inviteCode: `open/${organizationId}` });
    expect(joined.status).toBe(201);
    const seen = await app.call('GET', `/v1/organizations/${organizationId}/viewers`, {
      token: joined.body.accessToken,
    });
    expect(seen).toMatchObject({ status: 200, body: { role: 'viewer', organizationId } });
  });
});
