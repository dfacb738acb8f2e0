import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { brokenPromises, finish, Load } from './load.js';
import { WorkerProcess } from './worker-process.js';

const SWEEP_INTERVAL_MS = 3_000;

describe('sessions that end under load', () => {
  let stowage: Stowage;
  let team: Team;
  let pool: Pool;
  let worker: WorkerProcess;

  beforeAll(async () => {
    stowage = await Stowage.start({
      workers: 0,
      STOWAGE_SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
    });
    team = await aTeam(stowage.client);
    pool = new Pool({ connectionString: stowage.database.url, max: 4 });
    worker = await WorkerProcess.start(stowage);
  });

  afterAll(async () => {
    await worker.kill();
    await pool.end();
    await stowage.stop();
  });

  /** How long a new deployment waits on a free cluster, in milliseconds. */
  const waitForStart = async (cluster: TestCluster): Promise<number> => {
    const beganMs = performance.now();
    const id = await cluster.submit();
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    const tookMs = Math.round(performance.now() - beganMs);
    await cluster.cancel(id);
    return tookMs;
  };

  /** After a fault: nothing is lost or doubled, everything ends, and nudges are as fast as before. */
  const assertRecovered = async (cluster: TestCluster, load: Load): Promise<void> => {
    const told = await load.stop();
    await finish(pool, cluster, 30_000);
    await assertLedgerHolds(stowage.database.url);
    process.stderr.write(`${told.submitted.length} submitted, slowest answer ${told.slowestMs} ms\n`);
    expect(told.submitted.length).toBeGreaterThan(50);
    expect(told.faults).toEqual([]);
    expect(told.slowestMs).toBeLessThan(5_000);
    expect(await brokenPromises(pool, cluster, told)).toEqual([]);
    expect(worker.isAlive).toBe(true);
    const waits = [await waitForStart(cluster), await waitForStart(cluster), await waitForStart(cluster)];
    expect(Math.min(...waits)).toBeLessThan(SWEEP_INTERVAL_MS / 3);
  };

  it('PostgreSQL, ending sixty sessions in the middle of whatever they do: pools recover, and nothing is lost', async () => {
    const random = Random.of('sessions ended under load');
    const cluster = await TestCluster.create(team, { cpu: 100 });
    const load = new Load(cluster, pool, random);
    let ended = 0;
    while (ended < 60) {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name in ('stowage-api', 'stowage-worker') and state <> 'idle'
         limit 2`,
      );
      ended += rowCount ?? 0;
      await sleep(random.integer(1, 15));
    }
    await sleep(300);
    await assertRecovered(cluster, load);
    const stuck = await pool.query(
      `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in transaction%' and pid <> pg_backend_pid()`,
    );
    expect(stuck.rowCount).toBe(0);
  });
});
