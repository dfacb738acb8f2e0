import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Database, databaseOptions, MikroORM } from '#database';
import { DEFAULT_POLICY, preemptionAnalysisOf, plan, type PlanningPolicy, type Snapshot } from '#packing';

import { withClient } from '../../support/database.js';
import { type PreemptionScene, PreemptionStage } from '../../support/preemption.js';

/** A pass reads this many candidates here, and thousands elsewhere. */
const LIMIT = 3;

const stage = await PreemptionStage.shared({ mostCandidates: LIMIT });

describe('preemption, where more is marked for it than is looked at', () => {
  let orm: MikroORM;

  beforeAll(async () => {
    const settings = { url: stage.stowage.database.url, poolMax: 1, applicationName: 'stowage-test' };
    orm = await MikroORM.init(databaseOptions(settings, []));
  });

  afterAll(async () => {
    await orm.close(true);
  });

  const submitLow = async (scene: PreemptionScene, count: number, priority = 10): Promise<string[]> => {
    const ids: string[] = [];
    for (let one = 0; one < count; one++) ids.push(await scene.submit(priority, 1));
    return ids;
  };

  /** How many seconds after it was scheduled the cluster is looked at again, whatever happens. */
  const wakesAfter = async (id: string): Promise<number> =>
    withClient(stage.stowage.database.url, async (client) => {
      const { rows } = await client.query<{ seconds: number }>(
        `select extract(epoch from s.wake_at - d.scheduled_at)::float8 as seconds
         from deployments d join cluster_schedules s on s.cluster_id = d.cluster_id where d.id = $1`,
        [id],
      );
      return rows[0]?.seconds ?? NaN;
    });

  /** As many as are looked at may not be given up again; as many others may, and have run for longer. */
  const aWornScene = async (): Promise<{ scene: PreemptionScene; fresh: string[]; worn: string[] }> => {
    const scene = await stage.scene(2 * LIMIT, { maxPreemptions: 1 });
    const [fresh, worn] = [await submitLow(scene, LIMIT), await submitLow(scene, LIMIT)];
    await scene.pass();
    await scene.age(fresh, 1_000);
    const high = await scene.submit(90, LIMIT);
    await scene.pass();
    await scene.report(high, 'succeeded');
    await scene.pass();
    expect(await scene.standings(worn)).toEqual(worn.map(() => ({ status: 'scheduled', attempt: 2, preemptions: 1 })));
    return { scene, fresh, worn };
  };

  it('finds candidates behind deployments that were preempted too often', async () => {
    const { scene, fresh, worn } = await aWornScene();
    const high = await scene.submit(90, 2);
    await scene.pass();
    expect(await scene.statuses([high, ...worn])).toEqual(['scheduled', ...worn.map(() => 'scheduled')]);
    expect((await scene.statuses(fresh)).filter((status) => status === 'queued')).toHaveLength(2);
  });

  it('finds candidates behind deployments that are too new', async () => {
    const scene = await stage.scene(LIMIT + 2, { preemptAfterSeconds: 3_600 });
    const low = await submitLow(scene, LIMIT + 2);
    await scene.pass();
    await scene.age(low.slice(0, 1), 4_000);
    const high = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([high, ...low])).toEqual([
      'scheduled',
      'queued',
      ...low.slice(1).map(() => 'scheduled'),
    ]);
  });

  it('finds the first deployment that becomes a candidate later', async () => {
    const scene = await stage.scene(LIMIT + 2, { preemptAfterSeconds: 3_600 });
    const low = await submitLow(scene, LIMIT + 2);
    await scene.pass();
    await scene.age(low.slice(0, 1), 1_000);
    const high = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([high])).toEqual(['queued']);
    expect(await wakesAfter(low[0]!)).toBeCloseTo(3_600, 1);
  });

  it('takes the next candidate by age among those of priority below a waiting deployment', async () => {
    const scene = await stage.scene(LIMIT + 4, { preemptAfterSeconds: 3_600 });
    const [low, upper] = [await submitLow(scene, LIMIT + 2), await submitLow(scene, 1, 60)];
    await scene.pass();
    await scene.age(low.slice(0, 1), 1_000);
    await scene.age(upper, 2_000);
    const [high, middle] = [await scene.submit(90, 1), await scene.submit(50, 1)];
    await scene.pass();
    expect(await scene.statuses([high, middle])).toEqual(['scheduled', 'queued']);
    expect(await wakesAfter(low[0]!)).toBeCloseTo(3_600, 1);
  });

  describe('is explained as it is', () => {
    /** What one core more for a higher priority would be told, under a policy. */
    const explained = async (
      { cluster }: PreemptionScene,
      changes: Partial<PlanningPolicy>,
    ): Promise<{ candidates: number; ineligible: unknown }> => {
      const policy = { ...DEFAULT_POLICY, preemption: 'lower-priority', preemptAfterSeconds: 0, ...changes } as const;
      const capacity = { cpuMillis: 2_000 * LIMIT, memoryMib: 1_000_000, gpuMillis: 0 };
      const known = { clusterId: cluster.id, policy, nowMs: Date.now() + 60_000 };
      const { problem } = await new Database(orm).transaction((tx) =>
        stage.passes.reader().read(tx, known, { kind: 'everything', names: () => 1 }),
      );
      const snapshot: Snapshot = { capacity, isCordoned: false, ...known, ...problem };
      const { candidates, ineligible } = preemptionAnalysisOf(snapshot, { ...plan(snapshot), preempt: [] }, 0);
      return { candidates: candidates.length, ineligible };
    };

    /** When the first that is marked was scheduled. */
    const firstMs = async ({ cluster }: PreemptionScene): Promise<number> =>
      withClient(stage.stowage.database.url, async (client) => {
        const { rows } = await client.query<{ ms: number }>(
          `select floor(extract(epoch from min(scheduled_at)) * 1000)::float8 as ms from deployments
           where cluster_id = $1 and is_preemptible and status = 'scheduled'`,
          [cluster.id],
        );
        return rows[0]?.ms ?? NaN;
      });

    it('reports preemptible deployments beyond the limit as not considered, not as not preemptible', async () => {
      const { scene } = await aWornScene();
      const firm = await scene.submit(5, 1, { preemptible: false });
      await stage.team.admin.patch(scene.cluster.path, { capacity: { cpu: 2 * LIMIT + 1 } });
      await scene.pass();
      expect(await scene.statuses([firm])).toEqual(['scheduled']);
      await scene.submit(90, 1);

      const unmarked = { reason: 'not-preemptible', deployments: 1, untilMs: null };
      const left = { reason: 'not-considered', deployments: LIMIT, untilMs: null };
      const tooOften = { reason: 'too-often', deployments: LIMIT, untilMs: null };
      const told = await explained(scene, { maxPreemptions: 1 });
      expect(told).toEqual({ candidates: LIMIT, ineligible: expect.arrayContaining([unmarked, left]) });
      expect(told.ineligible).toHaveLength(2);
      expect(await explained(scene, { maxPreemptions: 0 })).toEqual({
        candidates: 0,
        ineligible: expect.arrayContaining([unmarked, left, tooOften]),
      });
      expect(await explained(scene, { maxPreemptions: 9 })).toEqual({
        candidates: LIMIT,
        ineligible: expect.arrayContaining([unmarked, left]),
      });
      // The first that may be is among those that are told of, though it is not one of the youngest.
      const tooNew = { ...tooOften, reason: 'too-new', untilMs: (await firstMs(scene)) + 5_000_000 };
      expect(await explained(scene, { maxPreemptions: 9, preemptAfterSeconds: 5_000 })).toEqual({
        candidates: 0,
        ineligible: expect.arrayContaining([unmarked, left, tooNew]),
      });
    });
  });
});
