import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { StoppingScene } from '../support/stopping.js';

describe('a deployment that runs and is to stop for a higher priority', () => {
  let scene: StoppingScene;

  beforeAll(async () => {
    scene = await StoppingScene.start();
  });

  afterAll(async () => {
    await scene.stop();
  });

  it('requeues a victim with its age when the victim has stopped, and shows the lost work', async () => {
    const pause = `update deployments set scheduled_at = scheduled_at - interval '100 seconds', queued_at = queued_at - interval '100 seconds' where id = $1`;
    const [reported, waited] = [await scene.givingWay({ maxRetries: 1 }), await scene.givingWay()];
    const before = await scene.read(reported);
    expect(before.stopping).toMatchObject({ cause: 'preempted', outcome: 'queued' });
    await scene.change(pause, reported);
    const said = await scene.say(reported, 'complete', { outcome: 'failed', attempt: 1, message: 'yielded' });
    expect(said).toMatchObject({ status: 200, body: { retries: 0, message: 'yielded' } });
    const again = await scene.becomes(reported, 'scheduled', 2);
    expect(Date.parse(before.queuedAt) - Date.parse(again.queuedAt)).toBe(100_000);
    expect(again).toMatchObject({ retries: 0, startedAt: null, stopping: null });
    expect((await scene.say(reported, 'complete', { outcome: 'failed', attempt: 1 })).body.code).toBe(
      'DEPLOYMENTS.STALE_ATTEMPT',
    );
    expect((await scene.storyOf(reported)).slice(2)).toEqual([
      'reported: reported',
      'queued: stopped',
      'scheduled: placed',
    ]);
    const lost =
      (await scene.eventsOf(reported)).find(({ cause }) => cause === 'stopped')?.preemption?.lostSeconds ?? 0;
    expect(lost).toBeGreaterThanOrEqual(100);
    expect(lost).toBeLessThan(200);

    await scene.hurry(waited);
    await scene.becomes(waited, 'scheduled', 2);
    expect((await scene.storyOf(waited)).slice(2)).toEqual(['queued: grace-over', 'scheduled: placed']);
    await Promise.all([scene.cancel(reported), scene.cancel(waited)]);
  });

  it('ends a stopping victim as its runtime reports, or as cancelled after a cancellation', async () => {
    const done = await scene.givingWay();
    expect((await scene.say(done, 'complete', { outcome: 'succeeded' })).body.status).toBe('succeeded');
    expect((await scene.say(done, 'complete', { outcome: 'succeeded' })).status).toBe(200);
    expect((await scene.cancel(done)).body.code).toBe('DEPLOYMENTS.INVALID_STATE');

    const unwanted = await scene.givingWay();
    expect((await scene.cancel(unwanted)).body).toMatchObject({
      status: 'stopping',
      stopping: { cause: 'preempted', outcome: 'cancelled' },
    });
    expect((await scene.say(unwanted, 'complete', { outcome: 'succeeded' })).body.status).toBe('cancelled');
  });

  it('settles a race of a cancellation and a report on one outcome, also for a deployment out of time', async () => {
    const race = async (round: number): Promise<void> => {
      const id = await (round % 2 === 0 ? scene.outOfTime() : scene.givingWay());
      const [cancelled, reported] = await Promise.all([
        scene.cancel(id),
        scene.say(id, 'complete', { outcome: 'succeeded' }),
      ]);
      expect(reported.status).toBe(200);
      const { status } = await scene.read(id);
      const inTime = round % 2 === 0 ? 'timed_out' : 'succeeded';
      expect([cancelled.status, status]).toEqual(cancelled.status === 200 ? [200, 'cancelled'] : [409, inTime]);
      expect(reported.body.status).toBe(status);
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(race));
  });
});
