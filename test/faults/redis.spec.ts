import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds, observeLedger } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { brokenPromises, finish, Load } from './load.js';
import { WorkerProcess } from './worker-process.js';

const SWEEP_INTERVAL_MS = 3_000;

describe('a Redis that goes away under load', () => {
  let redis: RedisServer;
  let stowage: Stowage;
  let team: Team;
  let pool: Pool;
  let worker: WorkerProcess;

  beforeAll(async () => {
    redis = await RedisServer.start();
    stowage = await Stowage.start({
      workers: 0,
      REDIS_URL: redis.url,
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
    await redis.kill();
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

  it('twice, takes nothing with it, and nobody waits for it', async () => {
    const random = Random.of('Redis killed under load');
    const cluster = await TestCluster.create(team, { cpu: 100 });
    const observer = observeLedger(stowage.database.url);
    const load = new Load(cluster, pool, random);
    for (let round = 0; round < 2; round++) {
      await sleep(random.integer(300, 600));
      await redis.kill();
      await sleep(random.integer(500, 1_500));
      await redis.restart();
    }
    await sleep(1_000);
    await observer.stop();
    await assertRecovered(cluster, load);
  });

  it('does not keep a worker from stopping', async () => {
    await redis.kill();
    await sleep(200);
    const { tookMs } = await worker.terminate();
    process.stderr.write(`without Redis a worker took ${tookMs} ms to stop\n`);
    expect(tookMs).toBeLessThan(20_000);
  });
});
