import { describe, expect, it } from '@jest/globals';

import { type PreemptionScene, PreemptionStage } from '../../support/preemption.js';

interface Explanation {
  readonly startsNext: boolean;
  readonly sentence: string;
  readonly blockers: readonly Record<string, unknown>[];
  readonly eta: { readonly startsAt: string | null } | null;
  readonly unlocks: readonly Record<string, unknown>[] | null;
  readonly preemption: { readonly victims: readonly { readonly id: string }[] } | null;
}

interface Usage {
  readonly preempted: {
    readonly count: number;
    readonly lostSeconds: number;
    readonly attempts: readonly Record<string, unknown>[];
  };
}

/** The blocker of a nominated deployment. */
const OWN_NOMINATION = expect.objectContaining({ code: 'NOMINATED', isOwn: true });

const GRACE = { stopGraceSeconds: 600 };

const stage = await PreemptionStage.shared();

describe('preemption of what needs time to stop, pass by pass', () => {
  const explain = async ({ cluster }: PreemptionScene, id: string): Promise<Explanation> =>
    (await stage.team.viewer.get<Explanation>(`${cluster.deploymentPath(id)}/explanation`)).body;

  const usage = async ({ cluster }: PreemptionScene): Promise<Usage['preempted']> =>
    (await stage.team.viewer.get<Usage>(`${cluster.path}/usage`)).body.preempted;

  /** A cluster of some cores on which a victim of low priority has been asked to stop for another deployment. */
  const aNomination = async (cpu: number): Promise<{ scene: PreemptionScene; victim: string; preemptor: string }> => {
    const scene = await stage.scene(cpu, GRACE);
    const victim = await scene.submitRunning(10, cpu, { maxRetries: 3 });
    const preemptor = await scene.submit(50, cpu);
    await scene.pass();
    expect(await scene.statuses([victim, preemptor])).toEqual(['stopping', 'queued']);
    expect(await scene.nominations()).toEqual([{ priority: 50, count: 1 }]);
    return { scene, victim, preemptor };
  };

  describe('a nomination', () => {
    it('names the nominated deployment as the preemptor where another one of the same shape starts at once, as in the what-if answer', async () => {
      const scene = await stage.scene(4, GRACE);
      const low = await scene.submitRunning(10, 2);
      const [first, second] = [await scene.submit(50, 2), await scene.submit(50, 2)];
      const told = await stage.team.viewer.post<{ victims: unknown[] }>(`${scene.cluster.path}/plan`, {});
      expect(told.body.victims).toMatchObject([{ id: low, preemptorId: second }]);
      await scene.pass();
      expect(await scene.statuses([low, first, second])).toEqual(['stopping', 'scheduled', 'queued']);
      expect((await scene.moves(low)).at(-1)).toMatchObject({ to: 'stopping', preemptorId: second });
    });

    it('ends a nomination that a still higher priority outranks: that one gets what was freed, and nothing more is preempted', async () => {
      const scene = await stage.scene(4, GRACE);
      const victim = await scene.submitRunning(10, 2);
      const bystander = await scene.submitRunning(50, 2);
      const preemptor = await scene.submit(50, 2);
      await scene.pass();
      expect(await scene.statuses([victim, bystander, preemptor])).toEqual(['stopping', 'running', 'queued']);
      expect((await explain(scene, preemptor)).blockers).toContainEqual(OWN_NOMINATION);

      const high = await scene.submit(90, 2);
      await scene.pass();
      expect(await scene.nominations()).toEqual([{ priority: 90, count: 1 }]);
      expect(await scene.statuses([victim, bystander, preemptor, high])).toEqual([
        'stopping',
        'running',
        'queued',
        'queued',
      ]);
      expect((await explain(scene, high)).blockers).toContainEqual(OWN_NOMINATION);
      const told = await explain(scene, preemptor);
      expect(told).toMatchObject({ startsNext: false, preemption: { victims: [] } });
      expect(told.blockers).not.toContainEqual(OWN_NOMINATION);

      await scene.report(victim, 'failed');
      await scene.pass();
      expect(await scene.statuses([victim, bystander, preemptor, high])).toEqual([
        'queued',
        'running',
        'queued',
        'scheduled',
      ]);
      expect(await scene.nominations()).toEqual([]);
      expect(await scene.evictions()).toBe(1);
    });

    it('drops nominations one at a time when a higher priority arrives', async () => {
      const scene = await stage.scene(2, GRACE);
      const victims = [await scene.submitRunning(10, 1), await scene.submitRunning(10, 1)];
      const preemptors = [await scene.submit(50, 1), await scene.submit(50, 1)];
      await scene.pass();
      expect(await scene.nominations()).toEqual([{ priority: 50, count: 2 }]);
      const high = await scene.submit(90, 1);
      await scene.pass();
      expect(await scene.nominations()).toEqual([
        { priority: 90, count: 1 },
        { priority: 50, count: 1 },
      ]);

      await scene.report(victims[0]!, 'failed');
      await scene.pass();
      expect(await scene.statuses([...victims, ...preemptors, high])).toEqual([
        'queued',
        'stopping',
        'queued',
        'queued',
        'scheduled',
      ]);
      await scene.report(victims[1]!, 'failed');
      await scene.pass();
      expect(await scene.statuses([...victims, ...preemptors, high])).toEqual([
        'queued',
        'queued',
        'scheduled',
        'queued',
        'scheduled',
      ]);
      expect(await scene.evictions()).toBe(2);
    });

    it('frees the resources of a cancelled nomination: its victim starts again', async () => {
      const { scene, victim, preemptor } = await aNomination(2);
      expect((await scene.cluster.cancel(preemptor)).body.status).toBe('cancelled');
      await scene.pass();
      expect(await scene.nominations()).toEqual([]);
      expect(await scene.statuses([victim])).toEqual(['stopping']);
      await scene.hurry([victim]);
      await scene.pass();
      expect(await scene.standings([victim])).toEqual([{ status: 'scheduled', attempt: 2, preemptions: 1 }]);
      expect((await scene.moves(victim)).map(({ to, cause }) => `${to}: ${cause}`)).toEqual([
        'queued: submitted',
        'scheduled: placed',
        'running: started',
        'stopping: preempted',
        'queued: grace-over',
        'scheduled: placed',
      ]);
    });

    it('shows no nomination as a blocker of deployments that wait behind the requeued victim', async () => {
      const { scene, victim, preemptor } = await aNomination(2);
      await scene.cluster.cancel(preemptor);
      const low = await scene.submit(5, 2);
      await scene.pass();
      const told = await explain(scene, low);
      expect(told.startsNext).toBe(false);
      expect(told.blockers).toMatchObject([{ code: 'NOT_ENOUGH', resource: 'cpu', missing: 2 }]);
      expect(told.eta).toMatchObject({ startsAt: null });
      expect(told.unlocks).not.toContainEqual(expect.objectContaining({ kind: 'nothing' }));
      await scene.report(victim, 'failed');
      await scene.pass();
      expect(await scene.statuses([victim, low])).toEqual(['scheduled', 'queued']);

      // A victim that is gone for good leaves its room to the deployments that wait.
      const other = await aNomination(2);
      await other.scene.cluster.cancel(other.preemptor);
      await other.scene.cluster.cancel(other.victim);
      const next = await other.scene.submit(5, 2);
      await other.scene.pass();
      expect((await explain(other.scene, next)).blockers).toContainEqual(OWN_NOMINATION);
      await other.scene.hurry([other.victim]);
      await other.scene.pass();
      expect(await other.scene.statuses([other.victim, next])).toEqual(['cancelled', 'scheduled']);
    });

    it.each([
      { what: 'raised', priority: 95, then: ['queued', 'scheduled'] },
      { what: 'lowered below what stops for it', priority: 5, then: ['scheduled', 'queued'] },
    ])('gives a nomination the priority of its deployment, which is $what meanwhile', async ({ priority, then }) => {
      const { scene, victim, preemptor } = await aNomination(2);
      const edited = await stage.team.admin.patch(scene.cluster.deploymentPath(preemptor), { priority });
      expect(edited.status).toBe(200);
      await scene.pass();
      expect(await scene.nominations()).toEqual([{ priority, count: 1 }]);
      await scene.report(victim, 'failed');
      await scene.pass();
      expect(await scene.statuses([victim, preemptor])).toEqual(then);
      expect(await scene.evictions()).toBe(1);
    });

    it('keeps a nomination through a cordon: nothing starts meanwhile, and no other deployment gets the freed resources', async () => {
      const scene = await stage.scene(2, GRACE);
      const victims = [await scene.submitRunning(10, 1), await scene.submitRunning(10, 1)];
      const preemptor = await scene.submit(90, 2);
      await scene.pass();
      await scene.cluster.cordon();
      await scene.report(victims[0]!, 'failed');
      // Two of the preemptor's own priority, and two are more than one.
      const others = [await scene.submit(90, 1), await scene.submit(90, 1)];
      const all = [...victims, preemptor, ...others];
      await scene.pass();
      expect(await scene.statuses(all)).toEqual(['queued', 'stopping', 'queued', 'queued', 'queued']);
      await scene.cluster.uncordon();
      await scene.pass();
      expect(await scene.statuses(all)).toEqual(['queued', 'stopping', 'queued', 'queued', 'queued']);
      expect(await scene.nominations()).toEqual([{ priority: 90, count: 1 }]);
      await scene.report(victims[1]!, 'failed');
      await scene.pass();
      expect(await scene.statuses(all)).toEqual(['queued', 'queued', 'scheduled', 'queued', 'queued']);
      expect(await scene.evictions()).toBe(2);
    });

    it('ends a nomination when its deployment is cancelled on a cordoned cluster', async () => {
      const scene = await stage.scene(2, GRACE);
      const victims = [await scene.submitRunning(10, 1), await scene.submitRunning(10, 1)];
      const preemptor = await scene.submit(90, 2);
      await scene.pass();
      await scene.cluster.cordon();
      await scene.pass();
      await scene.cluster.cancel(preemptor);
      await scene.pass();
      // It is like the one that was nominated, and has none.
      const alike = await scene.submit(90, 2);
      const others = [await scene.submit(90, 1), await scene.submit(90, 1)];
      for (const victim of victims) await scene.report(victim, 'failed');
      await scene.cluster.uncordon();
      await scene.pass();
      expect(await scene.statuses([alike, ...others])).toEqual(['queued', 'scheduled', 'scheduled']);
    });

    it('keeps a nomination when preemption is switched off meanwhile', async () => {
      const scene = await stage.scene(2, GRACE);
      const victims = [await scene.submitRunning(10, 1), await scene.submitRunning(10, 1)];
      const preemptor = await scene.submit(90, 2);
      await scene.pass();
      await stage.team.admin.patch(scene.cluster.path, { policy: { preemption: 'never' } });
      await scene.report(victims[0]!, 'failed');
      const third = await scene.submit(50, 1);
      await scene.pass();
      expect(await scene.statuses([...victims, preemptor, third])).toEqual(['queued', 'stopping', 'queued', 'queued']);
      await scene.report(victims[1]!, 'failed');
      await scene.pass();
      expect(await scene.statuses([...victims, preemptor, third])).toEqual(['queued', 'queued', 'scheduled', 'queued']);
      expect(await scene.evictions()).toBe(2);
    });
  });

  describe('a report within the grace', () => {
    it('ends a stopping victim that reports success without lost work, and starts its preemptor', async () => {
      const { scene, victim, preemptor } = await aNomination(2);
      await scene.age([victim], 1_000);
      expect(await scene.report(victim, 'succeeded')).toMatchObject({ status: 200, body: { status: 'succeeded' } });
      await stage.assertLedgerHolds();
      await scene.pass();
      expect(await scene.standings([victim, preemptor])).toEqual([
        { status: 'succeeded', attempt: 1, preemptions: 1 },
        { status: 'scheduled', attempt: 1, preemptions: 0 },
      ]);
      expect(await scene.nominations()).toEqual([]);
      expect(await usage(scene)).toMatchObject({ count: 0, lostSeconds: 0, attempts: [] });
      expect(await scene.cluster.deployment(victim)).toMatchObject({ releasedAt: expect.any(String) });
      expect((await scene.cluster.passes()).at(-1)).toMatchObject({ placed: 1, released: 1, preempted: 0 });
    });

    it('requeues a stopping victim that reports failure, whatever its retries, and starts its preemptor', async () => {
      const { scene, victim, preemptor } = await aNomination(2);
      await scene.age([victim], 1_000);
      const { queuedAt } = await scene.cluster.deployment(victim);
      expect(await scene.report(victim, 'failed')).toMatchObject({
        status: 200,
        body: { status: 'stopping', retries: 0 },
      });
      await stage.assertLedgerHolds();
      await scene.pass();
      expect(await scene.standings([victim, preemptor])).toEqual([
        { status: 'queued', attempt: 2, preemptions: 1 },
        { status: 'scheduled', attempt: 1, preemptions: 0 },
      ]);
      expect(await scene.nominations()).toEqual([]);
      expect(await scene.cluster.deployment(victim)).toMatchObject({ queuedAt, retries: 0, startedAt: null });
      const { lostSeconds, ...lost } = await usage(scene);
      expect(lostSeconds).toBeGreaterThanOrEqual(1_000);
      expect(lost).toMatchObject({
        count: 1,
        attempts: [{ deploymentId: victim, attempt: 1, preemptorId: preemptor, preemptorPriority: 50, lostSeconds }],
      });
      expect((await scene.moves(victim)).slice(-3)).toMatchObject([
        { to: 'stopping', cause: 'preempted', attempt: 1, preemptorId: preemptor, lostSeconds: null },
        { to: 'stopping', cause: 'reported', attempt: 1, lostSeconds: null },
        { to: 'queued', cause: 'stopped', attempt: 2, lostSeconds },
      ]);
      expect((await scene.cluster.passes()).at(-1)).toMatchObject({ placed: 1, released: 1, preempted: 0 });
    });

    it('shows a report within the grace in explanations before a pass has settled the report', async () => {
      const { scene, victim, preemptor } = await aNomination(2);
      await scene.report(victim, 'failed');
      expect(await explain(scene, preemptor)).toMatchObject({ startsNext: true, blockers: [{ code: 'NEXT_PASS' }] });
      await scene.pass();
      expect(await scene.statuses([preemptor])).toEqual(['scheduled']);
    });
  });

  describe('what has run for as long as it declared, before a pass has noticed', () => {
    const overdue = async (
      policy: Readonly<Record<string, unknown>>,
      isStarted: boolean,
    ): Promise<{ scene: PreemptionScene; late: string; waiting: string }> => {
      const scene = await stage.scene(2, { ...policy, preemption: 'never' });
      const late = await scene.submit(50, 2, { maxRuntimeSeconds: 86_400 });
      await scene.pass();
      if (isStarted) await scene.start(late);
      const waiting = await scene.submit(10, 2);
      await scene.pass();
      await scene.hurry([late]);
      return { scene, late, waiting };
    };

    /** How many start in the next pass, by a what-if that adds what never fits. */
    const placedNext = async ({ cluster }: PreemptionScene): Promise<number> => {
      const question = { deployments: [{ priority: 0, resources: { cpu: 2, memoryMib: 1 } }] };
      const { body } = await stage.team.viewer.post<{ placed: { before: number } }>(`${cluster.path}/plan`, question);
      return body.placed.before;
    };

    it('keeps the resources of an overdue deployment with a grace, in forecasts as in the next pass', async () => {
      const { scene, late, waiting } = await overdue(GRACE, true);
      const before = await explain(scene, waiting);
      expect(before.startsNext).toBe(false);
      expect(before.blockers).toContainEqual(expect.objectContaining({ code: 'NOT_ENOUGH', resource: 'cpu' }));
      expect(await placedNext(scene)).toBe(0);
      await scene.pass();
      expect(await scene.statuses([late, waiting])).toEqual(['stopping', 'queued']);
      expect((await explain(scene, waiting)).blockers).toEqual(before.blockers);
    });

    it.each([
      { what: 'no start was reported', policy: GRACE, isStarted: false },
      { what: 'it is granted no time', policy: {}, isStarted: true },
    ])(
      'releases an overdue deployment where $what, in forecasts as in the next pass',
      async ({ policy, isStarted }) => {
        const { scene, late, waiting } = await overdue(policy, isStarted);
        expect(await explain(scene, waiting)).toMatchObject({ startsNext: true });
        expect(await placedNext(scene)).toBe(1);
        await scene.pass();
        expect(await scene.statuses([late, waiting])).toEqual(['timed_out', 'scheduled']);
      },
    );
  });
});
