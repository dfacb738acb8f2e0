import { expect } from '@jest/globals';
import { Pool } from 'pg';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { type Random } from '../support/random.js';
import { type StartOptions, Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { brokenPromises, finish, Load } from './load.js';
import { WorkerProcess } from './worker-process.js';

/** Long enough to distinguish a start by a nudge from one by the sweep. */
const SWEEP_INTERVAL_MS = 3_000;

/** An API in this process and a worker in one of its own. Tests load it, break something, and check that it recovers. */
export class Installation {
  private constructor(
    readonly stowage: Stowage,
    readonly team: Team,
    readonly pool: Pool,
    readonly worker: WorkerProcess,
  ) {}

  static async start(options: StartOptions = {}): Promise<Installation> {
    const stowage = await Stowage.start({
      workers: 0,
      STOWAGE_SWEEP_INTERVAL_MS: String(SWEEP_INTERVAL_MS),
      ...options,
    });
    const team = await aTeam(stowage.client);
    const pool = new Pool({ connectionString: stowage.database.url, max: 4 });
    return new Installation(stowage, team, pool, await WorkerProcess.start(stowage));
  }

  async stop(): Promise<void> {
    await this.worker.kill();
    await this.pool.end();
    await this.stowage.stop();
  }

  /** A cluster, and clients that submit to it, report and cancel until they are stopped. */
  async load(random: Random): Promise<{ cluster: TestCluster; load: Load }> {
    const cluster = await TestCluster.create(this.team, { cpu: 100 });
    return { cluster, load: new Load(cluster, this.pool, random) };
  }

  /** After a fault: nothing is lost or doubled, everything ends, and nudges are as fast as before. */
  async assertRecovered(cluster: TestCluster, load: Load): Promise<void> {
    const told = await load.stop();
    await finish(this.pool, cluster, 30_000);
    await assertLedgerHolds(this.stowage.database.url);
    process.stderr.write(`${told.submitted.length} submitted, slowest answer ${told.slowestMs} ms\n`);
    expect(told.submitted.length).toBeGreaterThan(50);
    expect(told.faults).toEqual([]);
    expect(told.slowestMs).toBeLessThan(5_000);
    expect(await brokenPromises(this.pool, cluster, told)).toEqual([]);
    expect(this.worker.isAlive).toBe(true);
    const waits = [await waitForStart(cluster), await waitForStart(cluster), await waitForStart(cluster)];
    expect(Math.min(...waits)).toBeLessThan(SWEEP_INTERVAL_MS / 3);
  }
}

/** How long a new deployment waits on a free cluster, in milliseconds. */
async function waitForStart(cluster: TestCluster): Promise<number> {
  const beganMs = performance.now();
  const id = await cluster.submit();
  await eventually(
    () => cluster.deployment(id),
    ({ status }) => status === 'scheduled',
  );
  const tookMs = Math.round(performance.now() - beganMs);
  await cluster.cancel(id);
  return tookMs;
}
