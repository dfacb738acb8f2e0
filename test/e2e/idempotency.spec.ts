import { beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { aDeployment, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aPerson, aTeam, type Person, type Team } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Body {
  readonly id: string;
  readonly code?: string;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a request with an Idempotency-Key', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 4 });
  });

  const post = async (
    path: string,
    body: unknown,
    key: string,
    by: Person = team.admin,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<Body>> => by.post<Body>(path, body, { headers: { 'idempotency-key': key, ...headers } });

  const isReplayed = ({ headers }: Answer<unknown>): boolean => headers.get('idempotency-replayed') === 'true';

  it('creates one deployment for a hundred simultaneous requests, and gives all the same answer', async () => {
    const key = newId();
    // A request that waits too long for the first, or for a connection, is answered with a retry.
    const isLate = ({ status, body }: Answer<Body>): boolean =>
      status === 503 || body.code === 'REQUEST.IDEMPOTENCY_KEY_BUSY';
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        eventually(
          () => post(`${cluster.path}/deployments`, aDeployment({ name: 'once' }), key),
          (answer) => !isLate(answer),
        ),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect(answers.filter(isReplayed)).toHaveLength(99);
  });

  it('repeats the first answer, also when the deployment has changed since', async () => {
    const key = newId();
    const first = await post(`${cluster.path}/deployments`, aDeployment(), key);
    await cluster.cancel(first.body.id);
    const again = await post(`${cluster.path}/deployments`, aDeployment(), key);
    expect([again.status, again.text, isReplayed(again)]).toEqual([201, first.text, true]);
  });

  it.each<[string, (of: { team: Team; cluster: TestCluster }) => string, () => unknown]>([
    ['an organization', () => '/v1/organizations', () => ({ name: 'Another lab' })],
    ['a cluster', (of) => `${of.team.path}/clusters`, () => ({ name: newId(), capacity: { cpu: 1, memoryMib: 1 } })],
    ['an invite', (of) => `${of.team.path}/invites`, () => ({ role: 'viewer' })],
    ['a service account', (of) => `${of.team.path}/service-accounts`, () => ({ name: newId(), scope: 'runtime' })],
    ['a deployment', (of) => `${of.cluster.path}/deployments`, () => aDeployment()],
    [
      'a batch',
      (of) => `${of.cluster.path}/deployments/batch`,
      () => ({ deployments: Array.from({ length: 1_000 }, () => aDeployment()) }),
    ],
  ])('makes %s once', async (_what, pathOf, bodyOf) => {
    const [path, body, key] = [pathOf({ team, cluster }), bodyOf(), newId()];
    const first = await post(path, body, key);
    const again = await post(path, body, key);
    expect([first.status, isReplayed(first)]).toEqual([201, false]);
    expect([again.status, again.text, isReplayed(again)]).toEqual([201, first.text, true]);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    const another = await post(path, { ...(body as object), unknown: 1 }, key);
    expect(another).toMatchObject({ status: 400 });
    const changed = await post(path, await changedBody(path, body), key);
    expect(changed).toMatchObject({ status: 422, body: { code: 'REQUEST.IDEMPOTENCY_KEY_REUSED' } });
    expect((await post(path, bodyOf(), newId())).text).not.toBe(first.text);
  });

  /** As valid as the first, and another one. */
  const changedBody = (path: string, body: unknown): Promise<unknown> => {
    const fields = body as Record<string, unknown>;
    const [first] = Object.keys(fields);
    if (path.endsWith('/batch')) return Promise.resolve({ deployments: [aDeployment()] });
    return Promise.resolve(
      first === 'name'
        ? { ...fields, name: newId() }
        : first === 'role'
          ? { role: 'developer' }
          : aDeployment({ priority: 1 }),
    );
  };

  it('repeats a secret that is shown once, under its key', async () => {
    const account = await post(`${team.path}/service-accounts`, { name: newId(), scope: 'runtime' }, newId());
    for (const [path, body] of [
      ['/v1/me/tokens', { name: 'ci', organizationId: team.organizationId, role: 'viewer' }],
      [`${team.path}/service-accounts/${account.body.id}/tokens`, { name: 'ci' }],
    ] as const) {
      const key = newId();
      const first = await post(path, body, key);
      const again = await post(path, body, key);
      expect([first.status, again.status, isReplayed(again)]).toEqual([201, 201, true]);
      expect(again.text).toBe(first.text);
      expect(first.text).toContain('"token":"');
    }
  });

  it('creates one reset code, which a repetition does not replace', async () => {
    const operator = await aPerson(stowage.client, 'operator');
    await withClient(stowage.database.url, (client) =>
      client.query('update users set is_operator = true where id = $1', [operator.id]),
    );
    const path = `/v1/admin/users/${team.viewer.id}/reset-code`;
    const key = newId();
    const first = await post(path, {}, key, operator);
    const again = await post(path, {}, key, operator);
    expect([first.status, again.status, isReplayed(again)]).toEqual([201, 201, true]);
    expect(again.text).toBe(first.text);
  });

  it('separates users, clusters and keys, and retries a refused request', async () => {
    const key = newId();
    const other = await TestCluster.create(team, { cpu: 4 });
    const ids = new Set<string>();
    for (const [where, by] of [
      [cluster, team.admin],
      [cluster, team.developer],
      [other, team.admin],
    ] as const) {
      ids.add((await post(`${where.path}/deployments`, aDeployment(), key, by)).body.id);
    }
    expect(ids.size).toBe(3);
    const refused = newId();
    await team.admin.post(`${other.path}/drain`);
    expect((await post(`${other.path}/deployments`, aDeployment(), refused)).status).toBe(409);
    await team.admin.post(`${other.path}/uncordon`);
    expect((await post(`${other.path}/deployments`, aDeployment(), refused)).status).toBe(201);
  });

  it('starts the created deployment at once', async () => {
    const free = await TestCluster.create(team, { cpu: 4 });
    const { body } = await post(`${free.path}/deployments`, aDeployment(), newId());
    await eventually(
      () => free.deployment(body.id),
      ({ status }) => status === 'scheduled',
    );
  });

  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
    ['with a space, as two headers together have', 'a, b'],
  ])('refuses a key that is %s', async (_what, key) => {
    expect(await post(`${cluster.path}/deployments`, aDeployment(), key)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: 'Idempotency-Key', code: 'invalid-idempotency-key' }] },
    });
  });

  it('refuses a key longer than the limit of all headers', async () => {
    expect(await post(`${cluster.path}/deployments`, aDeployment(), 'k'.repeat(17_000))).toMatchObject({ status: 431 });
  });
});
