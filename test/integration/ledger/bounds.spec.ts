import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

/** The largest capacity and the largest request that there can be, as the API writes them. */
const CAPACITY = { cpu: 1_000_000_000, memoryMib: 1_000_000_000_000, gpu: 1_000_000_000 };
const REQUEST = { cpu: 1_000_000, memoryMib: 1_000_000_000, gpu: 1_000_000 };

/** How many fit, to the last unit. */
const PLACES = 1_000;

const DAYS = 399;

interface Usage {
  readonly points: readonly { readonly allocated: unknown; readonly utilization: unknown }[];
  readonly total: unknown;
  readonly members: readonly unknown[];
}

/** Where every sum is as large as it can be: in PostgreSQL, in the planner, in the pass, in JSON. */
describe('the largest cluster, full of the largest deployments', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  let ids: string[];

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, CAPACITY);
    ids = await cluster.submitBatch(Array.from({ length: PLACES + 1 }, () => ({ resources: REQUEST })));
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 1, 30_000);
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  it('allocates the largest capacity to the last unit, and not beyond', async () => {
    expect(await cluster.read()).toMatchObject({
      capacity: CAPACITY,
      allocated: CAPACITY,
      available: { cpu: 0, memoryMib: 0, gpu: 0 },
      utilization: { cpu: 1, memory: 1, gpu: 1 },
      queue: { queued: 1 },
    });
    const ledger = await team.viewer.get<{ items: { resources: unknown }[] }>(`${cluster.path}/ledger?limit=1`);
    expect(ledger.body.items[0]?.resources).toEqual(REQUEST);
  });

  it('takes no more than that: a unit beyond is refused at the door', async () => {
    for (const resources of [
      { ...REQUEST, cpu: REQUEST.cpu + 0.001 },
      { ...REQUEST, memoryMib: REQUEST.memoryMib + 1 },
      { ...REQUEST, gpu: REQUEST.gpu + 0.001 },
    ]) {
      const answer = await team.developer.post(`${cluster.path}/deployments`, { image: 'app', resources });
      expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
    }
    for (const capacity of [{ cpu: CAPACITY.cpu + 0.001 }, { memoryMib: CAPACITY.memoryMib + 1 }]) {
      expect((await team.admin.patch(cluster.path, { capacity })).status).toBe(400);
    }
  });

  it('computes the usage of the largest amounts over more than a year', async () => {
    await withClient(stowage.database.url, async (client) => {
      await client.query('set session_replication_role = replica');
      await client.query(`update ledger_entries set at = at - interval '${DAYS + 1} days'`);
    });
    const to = Date.now() - 3_600_000;
    const period = `from=${new Date(to - DAYS * 86_400_000).toISOString()}&to=${new Date(to).toISOString()}`;
    const { status, body, text } = await team.viewer.get<Usage>(`${cluster.path}/usage?${period}&step=86400`);
    expect([status, text.slice(0, status === 200 ? 0 : 500)]).toEqual([200, '']);
    const hours = DAYS * 24;
    const total = {
      cpuHours: CAPACITY.cpu * hours,
      memoryMibHours: CAPACITY.memoryMib * hours,
      gpuHours: CAPACITY.gpu * hours,
    };
    expect(body.points).toHaveLength(DAYS);
    expect(body.points.at(-1)).toMatchObject({ allocated: CAPACITY, utilization: { cpu: 1, memory: 1, gpu: 1 } });
    expect(body.total).toEqual(total);
    expect(body.members).toEqual([{ memberId: team.developer.id, ...total }]);
  });

  it('releases all of the largest capacity', async () => {
    const reports = ids.slice(0, PLACES).map((id) => ({ id, outcome: 'succeeded' }));
    await team.admin.post(`${cluster.path}/deployments/complete`, { reports });
    await eventually(
      cluster.read.bind(cluster),
      ({ allocated, queue }) => allocated.cpu === REQUEST.cpu && queue.queued === 0,
      30_000,
    );
    await cluster.complete(ids[PLACES] ?? '');
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0, 30_000);
  });
});
