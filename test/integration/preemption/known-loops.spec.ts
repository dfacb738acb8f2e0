import { describe, expect, it } from '@jest/globals';

import { type PreemptionScene, PreemptionStage } from '../../support/preemption.js';

/** More passes than any of these loops needed to come round again. */
const ROUNDS = 12;

const stage = await PreemptionStage.shared();

/** Loops of evictions that another scheduler (Kueue) is known for, by the numbers of its issues: here nothing is given up after the first victims. */
describe('known preemption loops, replayed through the service', () => {
  /** Passes again and again, each of which finds something to do. */
  const goOn = async (scene: PreemptionScene): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      const stranger = await scene.submit(1, 1, { preemptible: false, name: `stranger-${round}` });
      await scene.pass();
      await scene.cluster.cancel(stranger);
      await scene.pass();
    }
  };

  it('keeps best-effort deployments that come back again and again from preempting, and from being preempted again (Kueue 3779)', async () => {
    const scene = await stage.scene(4);
    const bestEffort = await Promise.all(['a1', 'b1', 'b2', 'a2'].map((name) => scene.submit(10, 1, { name })));
    await scene.pass();
    const guaranteed: string[] = [];
    for (const [count, name] of ['guaranteed-1', 'guaranteed-2'].entries()) {
      guaranteed.push(await scene.submit(50, 1, { name, preemptible: false }));
      await scene.pass();
      expect(await scene.evictions()).toBe(count + 1);
    }
    // As the controller of the report does: an evicted deployment is submitted once more beside the one that waits.
    await scene.submit(10, 1, { name: 'again-1' });
    await scene.submit(10, 1, { name: 'again-2' });
    await goOn(scene);
    expect(await scene.evictions()).toBe(2);
    expect(await scene.statuses(guaranteed)).toEqual(['scheduled', 'scheduled']);
    expect((await scene.standings(bestEffort)).map(({ preemptions }) => preemptions).sort()).toEqual([0, 0, 1, 1]);
  });

  it('prevents two deployments from preempting each other in turns, and starts no victim instead of its preemptor (Kueue 14543)', async () => {
    const scene = await stage.scene(10);
    const [large, small] = [await scene.submit(20, 6), await scene.submit(10, 4)];
    await scene.pass();
    // It needs both: what is left beside it is enough for neither, and each alone would not do.
    const preemptor = await scene.submit(30, 7);
    await scene.pass();
    const afterFirst = await scene.evictions();
    const standing = await scene.statuses([preemptor, large, small]);
    expect(standing[0]).toBe('scheduled');
    await goOn(scene);
    expect(await scene.evictions()).toBe(afterFirst);
    expect(await scene.statuses([preemptor, large, small])).toEqual(standing);
  });

  it('preempts nothing of its own priority when a victim comes back', async () => {
    const scene = await stage.scene(2);
    const [older, younger] = [await scene.submit(10, 1), await scene.submit(10, 1)];
    await scene.pass();
    await scene.age([older], 500);
    const high = await scene.submit(90, 1);
    await scene.pass();
    expect(await scene.statuses([older, younger])).toEqual(['scheduled', 'queued']);
    // As if it had been the first to come: its age helps it in the queue, and not against what runs.
    await scene.age([younger], 10_000);
    await goOn(scene);
    expect(await scene.statuses([older, younger, high])).toEqual(['scheduled', 'queued', 'scheduled']);
    expect(await scene.evictions()).toBe(1);
  });
});
