import { describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { withClient } from '../../support/database.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { type PreemptionScene, PreemptionStage } from '../../support/preemption.js';
import { eventually } from '../../support/wait.js';

const WAITING_FOR_A_LOCK = `
  select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

/** Runs in the middle of the next pass, once. */
let inTheMiddle: (() => Promise<unknown>) | null = null;
let plans = 0;

const stage = await PreemptionStage.shared({
  settings: { STOWAGE_PASS_MAX_ROWS: '6' },
  afterPlanning: async () => {
    const happens = inTheMiddle;
    inTheMiddle = null;
    plans += 1;
    await happens?.();
  },
});

describe('preemption, while its victims and preemptors change', () => {
  /** Two of low priority that run on two cores, and one of high priority that wants one of them: the first has run for longer. */
  const aScene = async (
    policy: Readonly<Record<string, unknown>> = {},
  ): Promise<{ scene: PreemptionScene; old: string; young: string; high: string }> => {
    const scene = await stage.scene(2, policy);
    const [old, young] = [await scene.submit(10, 1), await scene.submit(10, 1)];
    await scene.pass();
    await scene.age([old], 1_000);
    const high = await scene.submit(90, 1);
    plans = 0;
    return { scene, old, young, high };
  };

  it('plans again when a victim is cancelled meanwhile, and preempts nothing then', async () => {
    const { scene, old, young, high } = await aScene();
    inTheMiddle = () => scene.cluster.cancel(young);
    await scene.pass();
    expect(plans).toBe(2);
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'cancelled', 'scheduled']);
    expect(await scene.evictions()).toBe(0);
  });

  it('plans again when a victim reports its end meanwhile: what is done is done', async () => {
    const { scene, old, young, high } = await aScene();
    inTheMiddle = () => scene.report(young, 'succeeded');
    await scene.pass();
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'succeeded', 'scheduled']);
    expect(await scene.evictions()).toBe(0);
  });

  it('plans again when a victim is started meanwhile', async () => {
    const { scene, old, young, high } = await aScene();
    inTheMiddle = () => scene.start(young);
    await scene.pass();
    expect(plans).toBe(2);
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'queued', 'scheduled']);
    expect((await scene.moves(young)).map(({ to }) => to)).toEqual(['queued', 'scheduled', 'running', 'queued']);
  });

  it('preempts nothing for a preemptor that is cancelled meanwhile', async () => {
    const { scene, old, young, high } = await aScene();
    inTheMiddle = () => scene.cluster.cancel(high);
    await scene.pass();
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'scheduled', 'cancelled']);
    expect(await scene.evictions()).toBe(0);
  });

  it('asks nothing to stop for a preemptor that is cancelled or edited meanwhile', async () => {
    const { scene, old, young, high } = await aScene({ stopGraceSeconds: 600 });
    for (const id of [old, young]) await scene.start(id);
    inTheMiddle = () => stage.team.admin.patch(scene.cluster.deploymentPath(high), { priority: 5 });
    await scene.pass();
    expect(plans).toBe(2);
    expect(await scene.statuses([old, young, high])).toEqual(['running', 'running', 'queued']);
    await stage.team.admin.patch(scene.cluster.deploymentPath(high), { priority: 90 });
    inTheMiddle = () => scene.cluster.cancel(high);
    await scene.pass();
    expect(await scene.statuses([old, young, high])).toEqual(['running', 'running', 'cancelled']);
    expect(await scene.evictions()).toBe(0);
  });

  it('starts a deployment that is edited meanwhile to the same shape', async () => {
    const scene = await stage.scene(1);
    const id = await scene.submit(10, 1);
    const editor = new Client({ connectionString: stage.stowage.database.url });
    await editor.connect();
    inTheMiddle = async () => {
      await editor.query('begin');
      await editor.query(
        `with d as (
           update deployments set labels = '{"team": "vision"}', version = version + 1 where id = $1 returning *
         )
         insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, actor_id, at)
         select organization_id, id, version, cluster_id, attempt, status, status, 'edited', $2, greatest(now(), queued_at) from d`,
        [id, stage.team.admin.id],
      );
    };
    const passed = scene.pass();
    // The pass has chosen it as it was, and waits for the transaction that edits it.
    await eventually(
      async () => (await editor.query(WAITING_FOR_A_LOCK)).rowCount,
      (count) => count === 1,
    );
    await editor.query('commit');
    await editor.end();
    await passed;
    expect(await scene.statuses([id])).toEqual(['scheduled']);
    expect((await scene.moves(id)).map(({ to }) => to)).toEqual(['queued', 'queued', 'scheduled']);
  });

  it('passes over the holder of a reservation who has another priority meanwhile, and looks again', async () => {
    const scene = await stage.scene(2, { preemption: 'never', reserveAfterSeconds: 0 });
    const running = [await scene.submit(60, 1), await scene.submit(60, 1)];
    await scene.pass();
    const holder = await scene.submit(50, 2);
    await scene.pass();
    for (const id of running) await scene.report(id, 'succeeded');
    inTheMiddle = () => stage.team.admin.patch(scene.cluster.deploymentPath(holder), { priority: 10 });
    await stage.passes.run(scene.cluster.id);
    expect(await scene.statuses([holder])).toEqual(['queued']);
    expect((await scene.cluster.passes()).at(-1)).toMatchObject({ placed: 0, reservationEvents: [] });
    await stage.passes.run(scene.cluster.id);
    expect(await scene.statuses([holder])).toEqual(['scheduled']);
  });

  it('skips victims that another transaction has locked, preempts nothing, and looks again soon', async () => {
    const { scene, old, young, high } = await aScene();
    const other = new Client({ connectionString: stage.stowage.database.url });
    await other.connect();
    await other.query('begin');
    await other.query('select 1 from deployments where id = $1 for update', [young]);
    await scene.pass();
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'scheduled', 'queued']);
    const again = await withClient(stage.stowage.database.url, (client) =>
      client.query<{ ms: number }>(
        `select extract(epoch from wake_at - now())::float8 * 1000 as ms from cluster_schedules where cluster_id = $1`,
        [scene.cluster.id],
      ),
    );
    expect(again.rows[0]?.ms).toBeLessThan(1_000);

    await other.query('rollback');
    await other.end();
    const statuses = await eventually(
      async () => {
        await scene.pass();
        return scene.statuses([old, young, high]);
      },
      ([, , status]) => status === 'scheduled',
    );
    expect(statuses).toEqual(['scheduled', 'queued', 'scheduled']);
    expect(await scene.evictions()).toBe(1);
  });

  it('applies no half of a preemption, however little one pass may change', async () => {
    const scene = await stage.scene(12);
    const low = await Promise.all(Array.from({ length: 12 }, () => scene.submit(10, 1)));
    for (let count = 0; count < 3; count++) await scene.pass();
    const high = await Promise.all(Array.from({ length: 4 }, () => scene.submit(90, 3)));
    for (let count = 1; count <= 4; count++) {
      await scene.pass();
      const started = (await scene.statuses(high)).filter((status) => status === 'scheduled').length;
      expect(await scene.evictions()).toBe(3 * started);
      expect(started).toBeGreaterThanOrEqual(Math.min(count, 4));
      await stage.assertLedgerHolds();
    }
    expect(await scene.statuses(high)).toEqual(high.map(() => 'scheduled'));
    expect(await scene.statuses(low)).toEqual(low.map(() => 'queued'));
  });

  it('asks all victims to stop at once under a grace, and reserves what comes back a few at a time', async () => {
    const scene = await stage.scene(12, { stopGraceSeconds: 600 });
    const low = await scene.cluster.submitBatch(
      Array.from({ length: 12 }, () => ({ priority: 10, preemptible: true, resources: { cpu: 1, memoryMib: 1 } })),
    );
    for (let count = 0; count < 2; count++) await scene.pass();
    for (const id of low) await scene.start(id);
    const high = await Promise.all(Array.from({ length: 4 }, () => scene.submit(90, 3)));
    await scene.pass();
    expect(new Set(await scene.statuses(low))).toEqual(new Set(['stopping']));
    expect(await scene.nominations()).toEqual([{ priority: 90, count: 4 }]);

    const thirds = await Promise.all(Array.from({ length: 6 }, () => scene.submit(50, 1)));
    await scene.hurry(low);
    for (let count = 0; count < 4; count++) {
      await scene.pass();
      const stopped = (await scene.statuses(low)).filter((status) => status === 'queued').length;
      const started = (await scene.statuses(high)).filter((status) => status === 'scheduled').length;
      expect(stopped).toBe(Math.min(12, 6 * (count + 1)));
      expect(3 * started).toBeLessThanOrEqual(stopped);
      expect(new Set(await scene.statuses(thirds))).toEqual(new Set(['queued']));
      await stage.assertLedgerHolds();
    }
    expect(new Set(await scene.statuses(high))).toEqual(new Set(['scheduled']));
    expect([await scene.evictions(), await scene.nominations()]).toEqual([12, []]);
  });

  it('preempts once and alike, whichever of two workers runs the pass', async () => {
    const other = await ManualPasses.of(stage.stowage);
    const { scene, old, young, high } = await aScene();
    const both = await Promise.allSettled([scene.pass(), other.run(scene.cluster.id)]);
    await other.stop();
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await scene.statuses([old, young, high])).toEqual(['scheduled', 'queued', 'scheduled']);
    expect(await scene.evictions()).toBe(1);
  });
});
