import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { BusyCluster } from '../support/busy-cluster.js';
import { TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';
import { WorkerProcess } from './worker-process.js';

/** Generous: without turns, the slowest took more than ten seconds. The machine of the test may be busy. */
const BOUND_MS = 5_000;

const SHAPES = 1_500;

describe('one account with busy clusters in two organizations', () => {
  let redis: RedisServer;
  let stowage: Stowage;
  let worker: WorkerProcess;
  let pool: Pool;
  let victim: TestCluster;
  let busy: BusyCluster[];

  beforeAll(async () => {
    redis = await RedisServer.start();
    stowage = await Stowage.start({ workers: 0, REDIS_URL: redis.url });
    pool = new Pool({ connectionString: stowage.database.url, max: 2 });
    victim = await TestCluster.create(await aTeam(stowage.client), { cpu: 1_000 });
    const attacker = await aTeam(stowage.client);
    const second = await attacker.admin.post<{ id: string }>('/v1/organizations', { name: 'Second' });
    // Its creator is its developer, too.
    const { admin } = attacker;
    const path = `/v1/organizations/${second.body.id}`;
    const other: Team = { organizationId: second.body.id, path, admin, developer: admin, viewer: admin };
    const random = Random.of('busy clusters of one account');
    busy = [];
    for (const team of [attacker, attacker, other, other]) busy.push(await BusyCluster.of(team, random, SHAPES));
    worker = await WorkerProcess.start(stowage);
    await sleep(1_000);
  });

  afterAll(async () => {
    busy.forEach((one) => one.stop());
    expect((await worker.terminate()).code).toBe(0);
    await pool.end();
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
    await redis.kill();
  });

  /** How long each of some starts of the other account takes, in milliseconds. */
  const startsOfOther = async (count: number): Promise<number[]> => {
    const waits: number[] = [];
    for (let one = 0; one < count; one++) {
      const beganMs = performance.now();
      const id = await victim.submit();
      await eventually(
        () => victim.statusOf(id),
        (status) => status === 'scheduled',
      );
      waits.push(Math.round(performance.now() - beganMs));
      await sleep(200);
    }
    process.stderr.write(`starts of another account after ${waits.join(', ')} ms\n`);
    return waits;
  };

  const busyPasses = async (): Promise<number> => {
    const ids = busy.map(({ cluster }) => cluster.id);
    const { rows } = await pool.query<{ count: number }>(
      'select count(*)::int as count from passes where cluster_id = any($1)',
      [ids],
    );
    return rows[0]?.count ?? 0;
  };

  it('delays the starts of another account little, and loses no pass', async () => {
    const before = await busyPasses();
    expect(Math.max(...(await startsOfOther(15)))).toBeLessThan(BOUND_MS);
    expect(await busyPasses()).toBeGreaterThan(before);
    expect(worker.log).not.toContain('failed and changed nothing');
  });

  it('delays them as little when Redis is away, and the sweep finds them', async () => {
    await redis.kill();
    const before = await busyPasses();
    expect(Math.max(...(await startsOfOther(5)))).toBeLessThan(BOUND_MS);
    expect(await busyPasses()).toBeGreaterThan(before);
    expect(worker.log).not.toContain('failed and changed nothing');
    await redis.restart();
  });
});
