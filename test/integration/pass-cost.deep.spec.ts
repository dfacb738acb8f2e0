import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { withClient } from '../support/database.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const WAITING = 20_000;
const BATCH = 10_000;
const SHAPES = 200;
const PLACES = 1_000;
const TABLES = ['deployments', 'deployment_events', 'ledger_entries', 'queue_shapes', 'cluster_signals'];

/** A cluster whose queue is full, and which starts nothing yet. */
async function aFullQueue(team: Team): Promise<string> {
  const { body: cluster } = await team.admin.post<{ id: string }>(`${team.path}/clusters`, {
    name: 'pool',
    capacity: { cpu: 0, memoryMib: 0, gpu: PLACES },
  });
  const path = `${team.path}/clusters/${cluster.id}`;
  await team.admin.post(`${path}/cordon`);
  const deployments = Array.from({ length: BATCH }, (_, index) => ({
    image: 'app',
    resources: { cpu: 0, memoryMib: 0, gpu: 1 },
    maxRuntimeSeconds: 1_000 + (index % SHAPES),
  }));
  for (let submitted = 0; submitted < WAITING; submitted += BATCH) {
    await team.developer.post(`${path}/deployments/batch`, { deployments });
  }
  await eventually(
    async () => (await team.viewer.get<{ items: { waiting: number }[] }>(`${path}/passes?limit=1`)).body.items,
    ([pass]) => pass?.waiting === WAITING,
  );
  return path;
}

/** Statistics that lag behind, each made before the queue that is measured fills up. */
const STALE_STATISTICS = [
  { what: 'know of another organization only', leave: '' },
  {
    what: 'know of no queue at all',
    leave: `update deployments set status = 'cancelled', ended_at = now(), released_at = now()`,
  },
];

describe.each(STALE_STATISTICS)('the cost of a pass when the statistics $what', ({ leave }) => {
  let stowage: Stowage;
  let team: Team;
  let path: string;

  beforeAll(async () => {
    stowage = await Stowage.start({ STOWAGE_DATABASE_POOL_MAX: '2' });
    await aFullQueue(await aTeam(stowage.client));
    await withClient(stowage.database.url, async (client) => {
      await client.query(leave);
      for (const table of TABLES) {
        await client.query(`alter table ${table} set (autovacuum_enabled = false)`);
        await client.query(`analyze ${table}`);
      }
    });
    team = await aTeam(stowage.client);
    path = await aFullQueue(team);
  });

  afterAll(async () => {
    await stowage.stop();
  });

  /** Rows of `deployments` that the server has read so far, by whatever means. */
  async function rowsRead(): Promise<number> {
    // A session adds its counters to the shared ones with the first statement a second later: give each of them one.
    await sleep(1_500);
    await Promise.all(Array.from({ length: 20 }, () => team.viewer.get(`${team.path}/clusters`)));
    await sleep(200);
    return withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ read: string }>(
        `select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_user_tables where relname = 'deployments'`,
      );
      return Number(rows[0]?.read ?? 0);
    });
  }

  it('reads rows in proportion to the placed deployments, not to the queue', async () => {
    const before = await rowsRead();
    await team.admin.post(`${path}/uncordon`);
    await eventually(
      async () => (await team.viewer.get<{ allocated: { gpu: number } }>(path)).body.allocated.gpu,
      (gpu) => gpu === PLACES,
    );
    const read = await eventually(
      async () => (await rowsRead()) - before,
      (rows) => rows >= 2 * PLACES,
    );

    // Each is found, updated, and looked at by the foreign keys of its event and its ledger entry, and by the audit that runs beside; a
    // step that goes through the queue once reads all that waits.
    expect(read).toBeLessThanOrEqual(WAITING);
  });

  it('reads rows in proportion to the ending deployments', async () => {
    const scheduled: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: { id: string }[]; nextCursor: string | null } = (
        await team.viewer.get<{ items: { id: string }[]; nextCursor: string | null }>(
          `${team.path}/deployments?status=scheduled&limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
      ).body;
      scheduled.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(scheduled).toHaveLength(PLACES);
    await team.admin.post(`${path}/cordon`);

    const before = await rowsRead();
    await team.developer.post(`${path}/deployments/complete`, {
      reports: scheduled.map((id) => ({ id, outcome: 'succeeded' })),
    });
    await eventually(
      async () => (await team.viewer.get<{ allocated: { gpu: number } }>(path)).body.allocated.gpu,
      (gpu) => gpu === 0,
    );
    const read = await eventually(
      async () => (await rowsRead()) - before,
      (rows) => rows >= 2 * PLACES,
    );

    expect(read).toBeLessThanOrEqual(WAITING);
  });
});
