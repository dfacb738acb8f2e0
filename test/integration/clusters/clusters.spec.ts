import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';

import { atMost, type ClusterBody, TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { assertLedgerHolds, type LedgerObserver, observeLedger } from '../../support/invariants.js';
import { aTeam, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

interface ProblemBody {
  code: string;
  limit?: number;
}

/** More than one transaction cancels. */
const LONG_QUEUE = 6_000;

describe('clusters under concurrency', () => {
  let stowage: Stowage;
  let team: Team;
  let client: Client;
  let observer: LedgerObserver;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 2, STOWAGE_LIMIT_CLUSTERS: '12' });
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  beforeEach(() => {
    observer = observeLedger(stowage.database.url);
  });

  afterEach(async () => {
    await observer.stop();
    await assertLedgerHolds(stowage.database.url);
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  it('creates no more clusters than the limit when many are created at once', async () => {
    const elsewhere = await aTeam(stowage.client, 'Elsewhere');
    for (let i = 0; i < 11; i++) await TestCluster.create(elsewhere, { cpu: 1 });
    const create = (i: number): ReturnType<typeof elsewhere.admin.post<ProblemBody>> =>
      elsewhere.admin.post<ProblemBody>(`${elsewhere.path}/clusters`, {
        name: `racer-${i}`,
        capacity: { cpu: 1, memoryMib: 1 },
      });
    const answers = await atMost(50, [...Array(50).keys()], create);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code} ${String(body.limit)}`))).toEqual(
      new Set(['409 CLUSTERS.LIMIT_REACHED 12']),
    );
    const [last] = (await elsewhere.admin.get<{ items: ClusterBody[] }>(`${elsewhere.path}/clusters`)).body.items;
    await elsewhere.admin.delete(`${elsewhere.path}/clusters/${last?.id ?? ''}`);
    expect((await create(50)).status).toBe(201);
  });

  it('delays no submission while a request renames or resizes the cluster', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await client.query('begin');
    await client.query(
      `update clusters set name = 'held', name_key = 'held', capacity_cpu_millis = 2000 where id = $1`,
      [cluster.id],
    );
    // A request that waited for the row would be answered 503: the row is free only after the answer.
    const id = await cluster.submit();
    await client.query('rollback');
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
  });

  it('holds all laws while clusters shrink and grow under load, and ends at the requested capacity', async () => {
    const random = Random.of('clusters that shrink and grow');
    const cluster = await TestCluster.create(team, { cpu: 40 });
    const running: string[] = [];
    const step = async (): Promise<number> => {
      const cpu = random.integer(1, 40);
      switch (random.integer(0, 3)) {
        case 0:
          running.push(
            await cluster.submit({ resources: { cpu: random.integer(1, 8), memoryMib: 1 } }).catch(() => ''),
          );
          return 201;
        case 1: {
          const id = running.splice(random.integer(0, Math.max(0, running.length - 1)), 1)[0];
          return id === undefined || id === '' ? 200 : (await cluster.cancel(id)).status;
        }
        case 2:
          return (await team.admin.patch(cluster.path, { capacity: { cpu } })).status;
        default:
          return (await team.admin.patch(cluster.path, { capacity: { cpu }, whenFree: true })).status;
      }
    };
    const statuses = await atMost(8, [...Array(200).keys()], step);
    // 503 answers a request that would wait too long for the cluster's row.
    expect([...new Set(statuses)].filter((status) => ![200, 201, 409, 503].includes(status))).toEqual([]);

    // Whatever has happened: what does not fit is refused at once, or waited for.
    expect((await team.admin.patch(cluster.path, { capacity: { cpu: 40 } })).status).toBe(200);
    running.push(await cluster.submit({ resources: { cpu: 2, memoryMib: 1 }, priority: 100 }));
    await eventually(
      () => cluster.read(),
      ({ allocated }) => allocated.cpu > 1,
    );
    expect((await team.admin.patch(cluster.path, { capacity: { cpu: 1 } })).status).toBe(409);
    await team.admin.patch(cluster.path, { capacity: { cpu: 1 }, whenFree: true });
    for (const id of running.filter((each) => each !== '')) await cluster.cancel(id);
    await eventually(
      () => cluster.read(),
      ({ capacity, allocated }) => capacity.cpu === 1 && allocated.cpu <= 1,
    );
  });

  it.each([
    ['a pending capacity of one resource', 'pending_cpu_millis = 1'],
    ['a pending capacity of nothing', 'pending_cpu_millis = 0, pending_memory_mib = 0, pending_gpu_millis = 0'],
    ['a negative pending capacity', 'pending_cpu_millis = -1, pending_memory_mib = 1, pending_gpu_millis = 1'],
    [
      'a pending capacity without bound',
      'pending_cpu_millis = 1e12 + 1, pending_memory_mib = 1, pending_gpu_millis = 1',
    ],
    ['an unknown access', `access = 'public'`],
  ])('refuses %s by a constraint of the database', async (_, change) => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await expect(client.query(`update clusters set ${change} where id = $1`, [cluster.id])).rejects.toMatchObject({
      code: '23514',
    });
    await team.admin.delete(cluster.path);
  });

  it('refuses users who are no members on the list of a cluster', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const insert = client.query(
      'insert into cluster_access (organization_id, cluster_id, user_id, granted_by) values ($1, $2, $3, $3)',
      [team.organizationId, cluster.id, newId()],
    );
    await expect(insert).rejects.toMatchObject({ code: '23503' });
  });
});

describe('a long queue', () => {
  it('ends in steps when the cluster is deleted, and leaves no counts', async () => {
    const stowage = await Stowage.start();
    const team = await aTeam(stowage.client);
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    await cluster.submitBatch(Array.from({ length: LONG_QUEUE }, (_, i) => ({ priority: i % 3 })));
    await team.admin.post(`${cluster.path}/drain`);
    expect((await team.admin.delete(cluster.path)).status).toBe(204);
    const [statuses, shapes] = await withClient(stowage.database.url, async (client) => {
      const count = async (): Promise<number | null> => (await client.query('select 1 from queue_shapes')).rowCount;
      await eventually(count, (left) => left === 0);
      const { rows } = await client.query('select status, count(*)::int as count from deployments group by 1');
      return [rows, await count()] as const;
    });
    expect([statuses, shapes]).toEqual([[{ status: 'cancelled', count: LONG_QUEUE }], 0]);
    await stowage.stop();
  });
});
