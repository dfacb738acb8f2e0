import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { Interleaving } from '../support/interleaving.js';
import { type PreemptionScene, PreemptionStage } from '../support/preemption.js';
import { Stowage } from '../support/stowage.js';

/** The tables that a pass writes when it asks victims to stop, in its order. */
const ASKING = [
  'cluster_signals',
  'queue_shapes',
  'deployments',
  'deployment_events',
  'cluster_schedules',
  'passes',
  'pass_snapshots',
] as const;

/** The tables that a pass writes when it releases stopped victims and places their preemptor, in its order. */
const GIVING = [
  'deployments',
  'deployment_events',
  'queue_shapes',
  'ledger_entries',
  'clusters',
  'cluster_schedules',
  'passes',
  'pass_snapshots',
] as const;

describe('a pass that preempts under a grace period and loses its session in the middle', () => {
  let stowage: Stowage;
  let stage: PreemptionStage;
  let interleaving: Interleaving;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    stage = await PreemptionStage.on(stowage);
    interleaving = await Interleaving.install(stage.stowage.database.url, [...new Set([...ASKING, ...GIVING])]);
  });

  afterEach(async () => {
    await interleaving.release();
    await stage.assertLedgerHolds();
  });

  afterAll(async () => {
    await interleaving.end();
    await stage.stop();
    await stowage.stop();
  });

  /** Two running deployments, and one of higher priority that needs the resources of both. */
  const aScene = async (): Promise<{ scene: PreemptionScene; victims: string[]; high: string }> => {
    const scene = await stage.scene(2, { stopGraceSeconds: 600 });
    const victims = [await scene.submitRunning(10, 1), await scene.submitRunning(10, 1)];
    return { scene, victims, high: await scene.submit(90, 2) };
  };

  const cutOffAt = async (table: string, scene: PreemptionScene): Promise<void> => {
    await interleaving.pauseAt(table);
    const ended = scene.pass().then(
      () => 'done',
      () => 'cut off',
    );
    await interleaving.reached();
    await interleaving.terminate();
    expect(await ended).toBe('cut off');
    await interleaving.release();
  };

  it.each(ASKING)(
    'asks each victim to stop once, also when the session of the pass ends while writing to %s',
    async (table) => {
      const { scene, victims, high } = await aScene();
      await cutOffAt(table, scene);
      expect(await scene.statuses([...victims, high])).toEqual(['running', 'running', 'queued']);
      expect([await scene.evictions(), await scene.nominations()]).toEqual([0, []]);
      await stage.assertLedgerHolds();

      await scene.pass();
      expect(await scene.statuses([...victims, high])).toEqual(['stopping', 'stopping', 'queued']);
      expect([await scene.evictions(), await scene.nominations()]).toEqual([2, [{ priority: 90, count: 1 }]]);
    },
  );

  it.each(GIVING)(
    'keeps the nomination when the session of the pass ends while placing the preemptor, writing to %s',
    async (table) => {
      const { scene, victims, high } = await aScene();
      await scene.pass();
      await scene.report(victims[0]!, 'failed');
      await scene.hurry(victims);
      await cutOffAt(table, scene);
      expect(await scene.standings([...victims, high])).toEqual([
        { status: 'stopping', attempt: 1, preemptions: 1 },
        { status: 'stopping', attempt: 1, preemptions: 1 },
        { status: 'queued', attempt: 1, preemptions: 0 },
      ]);
      expect(await scene.nominations()).toEqual([{ priority: 90, count: 1 }]);
      await stage.assertLedgerHolds();

      await scene.pass();
      expect(await scene.standings([...victims, high])).toEqual([
        { status: 'queued', attempt: 2, preemptions: 1 },
        { status: 'queued', attempt: 2, preemptions: 1 },
        { status: 'scheduled', attempt: 1, preemptions: 0 },
      ]);
      expect(await scene.nominations()).toEqual([]);
      const told = await Promise.all(victims.map((id) => scene.moves(id)));
      expect(told.map((moves) => moves.slice(3).map(({ to, cause }) => `${to}: ${cause}`))).toEqual([
        ['stopping: preempted', 'stopping: reported', 'queued: stopped'],
        ['stopping: preempted', 'queued: grace-over'],
      ]);
    },
  );
});
