import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { Database } from '#database';
import { DeploymentRetention } from '#deployments';
import { ByteFolding } from '#organizations';

import { type Answer } from '../../support/api-client.js';
import { aDeployment, TestCluster } from '../../support/clusters.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { type Limited, limitsOf } from '../../support/limits.js';
import { Stowage } from '../../support/stowage.js';

const ACCOUNT_LIMIT = 100_000;

/** Near enough for a count before each submission, and never reached. */
const AMPLE = 100_000_000;

describe('stored bytes of an organization', () => {
  let stowage: Stowage;
  let client: Client;
  let team: Team;
  let cluster: TestCluster;
  let passes: ManualPasses;
  let limits: Limited;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0, STOWAGE_LIMIT_ACCOUNT_BYTES: String(ACCOUNT_LIMIT) });
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    passes = await ManualPasses.of(stowage);
    limits = await limitsOf(stowage);
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 100 });
    await limits.set(team, { bytes: AMPLE });
  });

  afterAll(async () => {
    await passes.stop();
    await client.end();
    await stowage.stop();
  });

  /** The sum over the rows, which the counter must equal at each moment. */
  const recomputed = async ({ organizationId }: Team): Promise<number> => {
    const { rows } = await client.query<{ bytes: string }>(
      'select coalesce(sum(stored_bytes), 0) as bytes from deployments where organization_id = $1',
      [organizationId],
    );
    return Number(rows[0]?.bytes);
  };

  const told = async ({ viewer, path }: Team): Promise<number> =>
    (await viewer.get<{ storedBytes: number }>(`${path}/limits`)).body.storedBytes;

  const assertExact = async (): Promise<number> => {
    const bytes = await told(team);
    expect(bytes).toBe(await recomputed(team));
    return bytes;
  };

  const submit = ({ developer }: Team, { path }: TestCluster, fields = {}): Promise<Answer> =>
    developer.post(`${path}/deployments`, aDeployment(fields));

  it.each([
    {},
    { name: 'named' },
    { labels: { team: 'vision', 'example.com/experiment': '' } },
    { labels: { one: '1' }, spec: { command: ['a "quoted" word', 'ümläut', '日本', '\n\t\u0001'], env: { A: null } } },
    { image: 'nginx', spec: { nested: { deep: [1.5, true, {}] } } },
  ])('computes the bytes of %j before the row is stored', async (fields) => {
    const before = await told(team);
    await limits.set(team, { bytes: before });
    const refused = await submit(team, cluster, fields);
    expect(refused).toMatchObject({ status: 409, body: { limit: before, bytes: before } });
    await limits.set(team, { bytes: AMPLE });
    expect((await submit(team, cluster, fields)).status).toBe(201);
    expect((await assertExact()) - before).toBe(refused.body['needed']);
  });

  it('counts batches, edits, messages, retries, adding up and retention', async () => {
    const names = Array.from({ length: 20 }, (_, index) => ({ name: `n${index}`, labels: { index: String(index) } }));
    await cluster.submitBatch(names);
    const repeated = { onError: 'continue', deployments: [...names, {}].map((fields) => aDeployment(fields)) };
    expect((await team.developer.post(`${cluster.path}/deployments/batch`, repeated)).status).toBe(201);
    await assertExact();

    const edited = await cluster.submit();
    await team.developer.patch(cluster.deploymentPath(edited), { labels: { a: 'much longer'.replace(' ', '-') } });
    await team.developer.patch(cluster.deploymentPath(edited), { labels: {}, priority: 60 });
    await team.developer.patch(cluster.deploymentPath(edited), { priority: 60 });
    await assertExact();

    const retried = await cluster.submit({ maxRetries: 1, priority: 100 });
    await passes.run(cluster.id);
    await team.admin.post(`${cluster.deploymentPath(retried)}/complete`, { outcome: 'failed', message: 'exit 1 ☠' });
    const running = await team.viewer.get<{ items: { id: string }[] }>(`${team.path}/deployments?status=scheduled`);
    const ids = running.body.items.map(({ id }) => id);
    const reports = [...ids, ...ids.slice(0, 2)].map((id) => ({ id, outcome: 'succeeded', message: 'done' }));
    expect((await team.admin.post(`${cluster.path}/deployments/complete`, { reports })).status).toBe(200);
    const bytes = await assertExact();

    while ((await stowage.api.get(ByteFolding).fold()) > 0);
    expect(await assertExact()).toBe(bytes);
    await passes.run(cluster.id);
    const removed = await removeEnded(ids);
    expect(removed).toBeGreaterThan(0);
    expect(await assertExact()).toBeLessThan(bytes);
    while ((await stowage.api.get(ByteFolding).fold()) > 0);
    await assertExact();
  });

  it('refuses what would exceed the limit, with the numbers, and lets everything end', async () => {
    const waiting = await cluster.submit();
    const bytes = await assertExact();
    await limits.set(team, { bytes: bytes + 3_000 });
    const spec = { text: 'x'.repeat(5_000) };
    const refused = await submit(team, cluster, { spec });
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'ORGANIZATIONS.BYTES_LIMIT_REACHED', limit: bytes + 3_000, bytes },
    });
    expect(refused.body['needed']).toBeGreaterThan(7_000);
    const batch = { deployments: [aDeployment(), aDeployment()] };
    expect(await team.developer.post(`${cluster.path}/deployments/batch`, batch)).toMatchObject({ status: 409 });
    expect((await submit(team, cluster)).status).toBe(201);
    const edit = {
      labels: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, 'v'.repeat(60)])),
    };
    expect(await team.developer.patch(cluster.deploymentPath(waiting), edit)).toMatchObject({
      status: 409,
      body: { code: 'ORGANIZATIONS.BYTES_LIMIT_REACHED' },
    });
    const path = cluster.deploymentPath(waiting);
    expect((await team.developer.get(path)).status).toBe(200);
    expect((await team.developer.post(`${path}/cancel`)).status).toBe(200);
    await limits.set(team, { bytes: AMPLE });
    await assertExact();
  });

  it('accepts one of 30 at one below the limit', async () => {
    const before = await assertExact();
    await cluster.submit();
    const bytes = await assertExact();
    const each = bytes - before;
    await limits.set(team, { bytes: bytes + each });
    const answers = await Promise.all(Array.from({ length: 30 }, () => submit(team, cluster)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(await assertExact()).toBe(bytes + each);
    await limits.set(team, { bytes: AMPLE });
  });

  it('limits what all organizations of one user store together, and no other user', async () => {
    const founder: Person = await aPerson(stowage.client, 'founder');
    const found = async (): Promise<{ team: Team; cluster: TestCluster }> => {
      const { body } = await founder.post<{ id: string }>('/v1/organizations', { name: 'Lab' });
      const path = `/v1/organizations/${body.id}`;
      const made = { organizationId: body.id, path, admin: founder, developer: founder, viewer: founder };
      return { team: made, cluster: await TestCluster.create(made, { cpu: 1 }) };
    };
    const [one, two] = [await found(), await found()];
    const spec = { text: 'x'.repeat(14_000) };
    const statuses: number[] = [];
    for (let index = 0; index < 12; index++) {
      const { team: of, cluster: where } = index % 2 === 0 ? one : two;
      statuses.push((await submit(of, where, { spec })).status);
    }
    expect(statuses).toEqual([...Array<number>(6).fill(201), ...Array<number>(6).fill(409)]);
    const refused = await submit(two.team, two.cluster, { spec });
    expect(refused.body).toMatchObject({ code: 'ORGANIZATIONS.BYTES_LIMIT_REACHED', limit: ACCOUNT_LIMIT });
    expect(refused.body).not.toHaveProperty('bytes');
    const other = await aTeam(stowage.client);
    expect((await submit(other, await TestCluster.create(other, { cpu: 1 }), { spec })).status).toBe(201);
    await limits.set(two.team, { bytes: 1_000_000 });
    expect((await submit(two.team, two.cluster, { spec })).status).toBe(201);
    expect((await submit(one.team, one.cluster, { spec })).status).toBe(201);
  });

  /** Removes deployments as retention does after their entries are closed. */
  async function removeEnded(ids: readonly string[]): Promise<number> {
    const scope = { organizationId: team.organizationId, clusterId: cluster.id };
    await client.query('set session_replication_role = replica');
    await client.query('delete from ledger_entries where deployment_id = any($1)', [ids]);
    await client.query('set session_replication_role = origin');
    return stowage.api.get(Database).transaction((tx) => new DeploymentRetention().remove(tx, scope, ids));
  }
});
