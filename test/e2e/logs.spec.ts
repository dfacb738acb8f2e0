import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ApiClient } from '../support/api-client.js';
import { aDeployment, TestCluster } from '../support/clusters.js';
import { createTestDatabase, type TestDatabase, withClient } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { aMember, aPerson, aTeam, type Person, type Team } from '../support/people.js';
import { ServedProcess } from '../support/served-process.js';
import { testEnvironment } from '../support/settings.js';
import { eventually } from '../support/wait.js';

/** Fields of answers that contain secrets of the caller. */
const SECRET_FIELDS = new Set(['accessToken', 'refreshToken', 'token', 'code']);

/** Error codes, which are public. */
const PUBLIC = /^[A-Z][A-Z_]*\.[A-Z_]+$/;

function secretsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' ? (SECRET_FIELDS.has(key) && !PUBLIC.test(inner) ? [inner] : []) : secretsIn(inner),
  );
}

describe('the logs of an installation', () => {
  const issued = new Set<string>();
  let database: TestDatabase;
  let environment: Record<string, string>;
  let api: ServedProcess;
  let worker: ServedProcess;
  let client: ApiClient;
  const realFetch = globalThis.fetch;

  beforeAll(async () => {
    database = await createTestDatabase();
    environment = testEnvironment(database.processUrl, {
      STOWAGE_LOG_LEVEL: 'trace',
      STOWAGE_METRICS_TOKEN: 'metrics-token-of-the-test-0123456789',
    });
    api = new ServedProcess('api', environment, await freePort());
    worker = new ServedProcess('worker', environment, await freePort());
    await Promise.all([api.start(), worker.start()]);
    // Collects all secrets in answers and all passwords in requests, of every helper.
    globalThis.fetch = async (input, init) => {
      const answer = await realFetch(input, init);
      const sent = typeof init?.body === 'string' ? init.body : '';
      for (const [, password = ''] of sent.matchAll(/"(?:p|currentP|newP)assword":"([^"]+)"/g)) issued.add(password);
      const text = await answer.clone().text();
      if ((answer.headers.get('content-type') ?? '').includes('json'))
        secretsIn(JSON.parse(text)).forEach((one) => issued.add(one));
      return answer;
    };
    client = await ApiClient.connect(api.url);
  });

  afterAll(async () => {
    globalThis.fetch = realFetch;
    await database.drop();
  });

  /** Signs in with right and wrong passwords, refreshes, uses an old token. */
  const useSessions = async ({ developer }: Team): Promise<void> => {
    const login = { username: developer.username, password: developer.password };
    const session = await client.post<{ refreshToken: string }>('/v1/auth/login', { body: login });
    await client.post('/v1/auth/login', { body: { ...login, password: 'not the password of any user' } });
    await client.post('/v1/auth/login', {
      rawBody: '{"username": "x", "password": "half a password',
      headers: { 'content-type': 'application/json' },
    });
    await client.post('/v1/auth/refresh', { body: { refreshToken: session.body.refreshToken } });
    await client.post('/v1/auth/refresh', { body: { refreshToken: `${session.body.refreshToken}x` } });
    await client.get(`/v1/me?access_token=${developer.token}`);
  };

  /** Changes a password, and resets another. */
  const usePasswords = async ({ developer, viewer }: Team, operator: Person): Promise<void> => {
    await developer.post('/v1/me/password', {
      currentPassword: developer.password,
      newPassword: 'another word for it entirely',
    });
    const reset = await operator.post<{ code: string }>(`/v1/admin/users/${viewer.id}/reset-code`);
    expect(reset.body.code).toBeDefined();
    await client.post('/v1/auth/reset', {
      body: { username: viewer.username, code: reset.body.code, password: 'a third word, longer than these' },
    });
  };

  /** Makes, uses and misuses tokens and invites. */
  const useTokens = async (team: Team): Promise<void> => {
    const { admin } = team;
    const token = await admin.post<{ token: string }>('/v1/me/tokens', {
      name: 't',
      organizationId: team.organizationId,
      role: 'admin',
    });
    await client.get('/v1/me', { token: token.body.token });
    await client.get('/v1/me', { token: `${token.body.token.slice(0, -1)}x` });
    const account = await admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'runtime',
      scope: 'runtime',
    });
    const own = await admin.post<{ token: string }>(`${team.path}/service-accounts/${account.body.id}/tokens`, {
      name: 't',
    });
    await client.get(`${team.path}/deployments`, { token: own.body.token });
    await aMember(team);
    await admin.post(`${team.path}/invites`, { role: 'viewer' });
    await client.get('/metrics', { token: environment['STOWAGE_METRICS_TOKEN'] });
  };

  it('contains no issued or sent secret, at any level, after every use of secrets', async () => {
    const team = await aTeam(client);
    const operator = await aPerson(client, 'operator');
    await withClient(database.url, (db) =>
      db.query('update users set is_operator = true where id = $1', [operator.id]),
    );

    await useSessions(team);
    await usePasswords(team, operator);
    await useTokens(team);

    // Work, and a request that fails inside.
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await team.admin.post(`${cluster.path}/deployments`, aDeployment(), {
      headers: { 'x-request-id': 'submitted-by-the-test' },
    });
    await eventually(
      () => Promise.resolve(worker.log),
      (log) => log.includes('submitted-by-the-test'),
    );

    expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
    expect(issued.size).toBeGreaterThan(20);
    const keys = JSON.parse(environment['STOWAGE_JWT_KEYS'] ?? '[]') as { d: string }[];
    const given = [
      environment['STOWAGE_TOKEN_SECRET'],
      environment['STOWAGE_METRICS_TOKEN'],
      ...keys.map(({ d }) => d),
    ];
    const logs = api.log + worker.log;
    expect([...issued, ...given].filter((secret) => secret !== undefined && logs.includes(secret))).toEqual([]);
    expect(logs).not.toContain('half a password');
  });

  it('contains one line of a request, and its id in the API and the worker', () => {
    const lines = (log: string): Record<string, unknown>[] =>
      log
        .split('\n')
        .filter((line) => line.includes('submitted-by-the-test'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines(api.log).filter(({ msg }) => msg === 'request')).toMatchObject([
      { requestId: 'submitted-by-the-test', status: 201, route: expect.stringContaining('/deployments') },
    ]);
    expect(lines(worker.log)[0]).toMatchObject({ requestId: 'submitted-by-the-test', context: 'PassProcessor' });
  });
});
