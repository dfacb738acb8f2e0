import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { aDeployment, TestCluster } from '../support/clusters.js';
import { assertLedgerHolds, observeLedger } from '../support/invariants.js';
import { Random } from '../support/random.js';
import { eventually } from '../support/wait.js';
import { WorkerProcesses } from './processes.js';
import { brokenPromises, finish, Load } from './load.js';
import { openPasses } from './worker-process.js';

const KILLS = 5;

const WAITING_FOR_A_LOCK = `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
const IDLE_IN_A_PASS = `select pid from pg_stat_activity where datname = current_database() and state = 'idle in transaction' and application_name = 'stowage-worker'`;

/** Makes requests that must not wait for a pass, however long that stays open. */
async function expectQuickAnswers(requests: readonly (() => Promise<{ status: number }>)[]): Promise<void> {
  for (const request of requests) {
    const beganMs = performance.now();
    expect((await request()).status).toBeLessThan(300);
    expect(performance.now() - beganMs).toBeLessThan(1_000);
  }
}

describe('the scheduler, while its workers are killed, frozen or asked to stop', () => {
  let processes: WorkerProcesses;

  beforeAll(async () => {
    // Few rows a pass make more passes, and more moments in the middle of one.
    processes = await WorkerProcesses.start({ STOWAGE_PASS_MAX_ROWS: '40' });
  });

  afterEach(async () => {
    await processes.killWorkers();
  });

  afterAll(async () => {
    await processes.stop();
  });

  it('loses and doubles no deployment when workers are killed in the middle of passes', async () => {
    const random = Random.of('kill -9 in the middle of passes');
    const cluster = await TestCluster.create(processes.team, { cpu: 400 });
    const observer = observeLedger(processes.stowage.database.url, 250);
    let [first, second] = [await processes.startWorker(), await processes.startWorker()];
    const load = new Load(cluster, processes.pool, random);
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(random.integer(50, 300));
      await eventually(
        () => openPasses(processes.pool),
        (count) => count > 0,
      );
      // The last worker gets SIGTERM, and finishes the passes that it has begun.
      if (kill === KILLS - 1) expect((await first.terminate()).tookMs).toBeLessThan(10_000);
      await Promise.all([first.kill(), kill % 3 === 2 ? second.kill() : undefined]);
      if (!second.isAlive) second = await processes.startWorker();
      [first, second] = [second, await processes.startWorker()];
    }
    const told = await load.stop();
    await finish(processes.pool, cluster);
    await observer.stop();
    await assertLedgerHolds(processes.stowage.database.url);
    const { submitted, completed, cancelled, faults, slowestMs } = told;
    process.stderr.write(
      `${KILLS} kills: ${submitted.length} submitted, ${completed.size} completed, ${cancelled.size} cancelled, slowest answer ${slowestMs} ms\n`,
    );
    expect(submitted.length).toBeGreaterThan(100);
    expect(faults).toEqual([]);
    expect(await brokenPromises(processes.pool, cluster, told)).toEqual([]);
    expect(await cluster.read()).toMatchObject({ allocated: { cpu: 0, memoryMib: 0 }, queue: { queued: 0 } });
  });

  it('keeps a worker that was frozen in the middle of a pass from committing, and continues with another', async () => {
    const cluster = await TestCluster.create(processes.team, { cpu: 10 });
    await cluster.cordon();
    const first = await cluster.submit();
    // The other worker runs already, frozen until it is needed: starting takes longer than the fence on a busy machine.
    const other = await processes.startWorker();
    other.freeze();
    const frozen = await processes.startWorker();
    await eventually(cluster.passes.bind(cluster), (passes) => passes.at(-1)?.waiting === 1);
    const passesBefore = (await cluster.passes()).length;

    // 1. The pass that places it waits for this row: the worker freezes there, and then gets the row.
    const lock = await processes.pool.connect();
    await lock.query('begin');
    await lock.query('select 1 from deployments where id = $1 for update', [first]);
    await cluster.uncordon();
    await eventually(
      async () => (await processes.pool.query<{ pid: number }>(WAITING_FOR_A_LOCK)).rows,
      (rows) => rows.length === 1,
    );
    frozen.freeze();
    await lock.query('commit');
    lock.release();
    const [session] = await eventually(
      async () => (await processes.pool.query<{ pid: number }>(IDLE_IN_A_PASS)).rows,
      (rows) => rows.length === 1,
    );
    const frozenAtMs = performance.now();

    // 2. Only passes wait for it.
    other.thaw();
    await expectQuickAnswers([
      () => processes.team.developer.post(`${cluster.path}/deployments`, aDeployment()),
      () => processes.team.developer.get(cluster.path),
    ]);
    expect((await cluster.read()).allocated.cpu).toBe(0);

    // 3. Its session ends, and the other worker places both.
    await eventually(
      async () =>
        (await processes.pool.query('select 1 from pg_stat_activity where pid = $1', [session?.pid])).rowCount,
      (count) => count === 0,
      15_000,
    );
    const heldMs = Math.round(performance.now() - frozenAtMs);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 2);
    process.stderr.write(`a frozen worker held its cluster for ${heldMs} ms\n`);
    expect(heldMs).toBeGreaterThan(5_000);
    expect(heldMs).toBeLessThan(13_000);
    const passes = await cluster.passes();
    const placing = passes.slice(passesBefore).filter(({ placed }) => placed > 0);
    expect(placing.reduce((sum, { placed }) => sum + placed, 0)).toBe(2);

    // 4. Thawed, it commits nothing of its pass, survives, and serves again.
    frozen.thaw();
    await sleep(500);
    expect(await cluster.read()).toMatchObject({ allocated: { cpu: 2 }, queue: { queued: 0 } });
    await assertLedgerHolds(processes.stowage.database.url);
    await other.kill();
    const next = await cluster.submit();
    await eventually(
      () => cluster.deployment(next),
      ({ status }) => status === 'scheduled',
    );
    expect(frozen.isAlive).toBe(true);
    await assertLedgerHolds(processes.stowage.database.url);
    expect((await frozen.terminate()).tookMs).toBeLessThan(5_000);
  });
});
