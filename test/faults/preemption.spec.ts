import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { Interleaving } from '../support/interleaving.js';
import { assertLedgerHolds, observeLedger } from '../support/invariants.js';
import { PreemptionScene } from '../support/preemption.js';
import { Random } from '../support/random.js';
import { eventually } from '../support/wait.js';
import { WorkerProcesses } from './processes.js';
import { openPasses } from './worker-process.js';

const KILLS = 3;
const CORES = 60;

/** Evictions in whose pass no deployment started. */
const FOR_NOTHING = `
  select e.deployment_id from deployment_events e
  where e.cause = 'preempted' and not exists (
    select 1 from deployment_events p where p.pass_id = e.pass_id and p.deployment_id = e.preemptor_id and p.cause = 'placed')`;

describe('preemption by workers that are killed', () => {
  let processes: WorkerProcesses;
  let interleaving: Interleaving;

  beforeAll(async () => {
    // Few rows a pass make more passes, and more moments in the middle of one.
    processes = await WorkerProcesses.start({ STOWAGE_PASS_MAX_ROWS: '8' });
    interleaving = await Interleaving.install(processes.stowage.database.url, ['cluster_schedules', 'ledger_entries']);
  });

  afterEach(async () => {
    await interleaving.release();
    await processes.killWorkers();
  });

  afterAll(async () => {
    await interleaving.end();
    await processes.stop();
  });

  it('commits each preemption whole or not at all: no victim stops without a preemptor that starts, and no deployment is lost', async () => {
    const random = Random.of('kill -9 in the middle of preemptions');
    const scene = await PreemptionScene.create(processes.stowage, processes.team, CORES);
    const observer = observeLedger(processes.stowage.database.url, 250);
    let [first, second] = [await processes.startWorker(), await processes.startWorker()];
    const low = await scene.cluster.submitBatch(
      Array.from({ length: CORES }, () => ({ priority: 10, preemptible: true, resources: { cpu: 1, memoryMib: 1 } })),
    );
    await eventually(
      () => scene.cluster.read(),
      ({ allocated }) => allocated.cpu === CORES,
    );
    const high: string[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const batch = Array.from({ length: CORES / KILLS / 2 }, () => ({
        priority: 90,
        resources: { cpu: 2, memoryMib: 1 },
      }));
      high.push(...(await scene.cluster.submitBatch(batch)));
      await sleep(random.integer(0, 60));
      // The worker may have been faster: then it is killed at rest.
      await eventually(
        async () => ({ open: await openPasses(processes.pool), queued: (await scene.cluster.read()).queue.queued }),
        ({ open, queued }) => open > 0 || queued === 2 * high.length,
      );
      await first.kill();
      [first, second] = [second, await processes.startWorker()];
    }
    await eventually(
      () => scene.statuses(high),
      (statuses) => statuses.every((status) => status === 'scheduled'),
    );
    await observer.stop();
    await assertLedgerHolds(processes.stowage.database.url);
    expect(await scene.evictions()).toBe(2 * high.length);
    expect((await processes.pool.query(FOR_NOTHING)).rows).toEqual([]);
    expect(new Set(await scene.statuses(low))).toEqual(new Set(['queued']));
    expect((await scene.standings(low)).every(({ attempt, preemptions }) => attempt === 2 && preemptions === 1)).toBe(
      true,
    );
  });

  it('asks each victim to stop once under a grace period, and gives freed resources to the nominated preemptors', async () => {
    const scene = await PreemptionScene.create(processes.stowage, processes.team, 2, { stopGraceSeconds: 600 });
    const becomes = (ids: readonly string[], statuses: readonly string[]): Promise<unknown> =>
      eventually(
        () => scene.statuses(ids),
        (now) => now.join() === statuses.join(),
      );
    /** Kills the working process while it writes to a table, and starts another. */
    const killAt = async (table: string, begin: () => Promise<unknown>): Promise<void> => {
      await interleaving.pauseAt(table);
      await begin();
      await interleaving.reached();
      await worker.kill();
      // Its session goes on until PostgreSQL next writes to the dead client.
      await interleaving.release();
      worker = await processes.startWorker();
    };
    let worker = await processes.startWorker();
    const victims = [await scene.submit(10, 1), await scene.submit(10, 1)];
    await becomes(victims, ['scheduled', 'scheduled']);
    for (const id of victims) await scene.start(id);

    let high = '';
    await killAt('cluster_schedules', async () => {
      high = await scene.submit(90, 2);
    });
    await becomes([...victims, high], ['stopping', 'stopping', 'queued']);
    expect([await scene.evictions(), await scene.nominations()]).toEqual([2, [{ priority: 90, count: 1 }]]);

    // A third of the same priority gets none of the freed resources.
    const third = await scene.submit(10, 1);
    await killAt('ledger_entries', async () => {
      await scene.report(victims[0]!, 'failed');
      await scene.hurry([victims[1]!]);
    });
    await becomes([...victims, high, third], ['queued', 'queued', 'scheduled', 'queued']);
    await assertLedgerHolds(processes.stowage.database.url);
    expect(await scene.standings(victims)).toEqual(
      victims.map(() => ({ status: 'queued', attempt: 2, preemptions: 1 })),
    );
    expect([await scene.evictions(), await scene.nominations()]).toEqual([2, []]);
    for (const id of victims) {
      expect((await scene.moves(id)).filter(({ cause }) => cause === 'preempted')).toMatchObject([
        { to: 'stopping', attempt: 1, preemptorId: high, preemptorPriority: 90 },
      ]);
    }
  });
});
