import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { followFromNow } from '../support/event-reader.js';
import { aTeam } from '../support/people.js';
import { GRACE_SECONDS, type Shown, StoppingScene } from '../support/stopping.js';
import { eventually } from '../support/wait.js';

describe('a deployment that runs and is to stop', () => {
  let scene: StoppingScene;

  beforeAll(async () => {
    scene = await StoppingScene.start({ STOWAGE_LIMIT_CLUSTERS: '20' });
  });

  afterAll(async () => {
    await scene.stop();
  });

  it('keeps the resources of a stopping deployment until its runtime reports, and gives the deployment its intended outcome then', async () => {
    const id = await scene.running({ maxRetries: 3 });
    const { status, body } = await scene.cancel(id);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        status: 'stopping',
        endedAt: null,
        releasedAt: null,
        stopping: { cause: 'cancelled', outcome: 'cancelled' },
      },
    });
    const { since = '', until = '' } = body.stopping ?? {};
    expect(Date.parse(until) - Date.parse(since)).toBeCloseTo(GRACE_SECONDS * 1_000, -2);
    expect((await scene.cluster.read()).allocated.cpu).toBe(1);
    expect((await scene.cancel(id)).body).toEqual(body);
    expect((await scene.say(id, 'start', { attempt: 1 })).body).toEqual(body);

    expect((await scene.say(id, 'complete', { outcome: 'failed', attempt: 2 })).body.code).toBe(
      'DEPLOYMENTS.STALE_ATTEMPT',
    );
    const report = { outcome: 'failed', attempt: 1, message: 'exit code 143' };
    const ended = await scene.say(id, 'complete', report);
    expect(ended).toMatchObject({
      status: 200,
      body: { status: 'cancelled', stopping: null, retries: 0, message: 'exit code 143' },
    });
    const settled = await eventually(
      () => scene.read(id),
      ({ releasedAt }) => releasedAt !== null,
    );
    expect(await scene.say(id, 'complete', report)).toMatchObject({ status: 200, body: settled });
    expect(await scene.say(id, 'complete', { outcome: 'succeeded' })).toMatchObject({
      status: 409,
      body: { code: 'DEPLOYMENTS.INVALID_STATE', deploymentStatus: 'cancelled' },
    });
    expect(await scene.storyOf(id)).toEqual(['running: started', 'stopping: cancelled', 'cancelled: reported']);
  });

  it('cancels a deployment by a pass when its grace is over, and refuses a later report', async () => {
    const short = await scene.granting(1);
    const id = await scene.running({}, short);
    expect((await scene.cancel(id)).body.status).toBe('stopping');
    await scene.becomes(id, 'cancelled');
    expect((await scene.say(id, 'complete', { outcome: 'succeeded' })).body.code).toBe('DEPLOYMENTS.INVALID_STATE');
    expect(await scene.storyOf(id)).toEqual(['running: started', 'stopping: cancelled', 'cancelled: grace-over']);
    await eventually(short.read.bind(short), ({ allocated }) => allocated.cpu === 0);
  });

  it('ends a deployment out of time as timed out, unless a cancellation comes first', async () => {
    const [reported, waited, cancelled] = [await scene.outOfTime(), await scene.outOfTime(), await scene.outOfTime()];
    expect(await scene.read(reported)).toMatchObject({ stopping: { cause: 'max-runtime', outcome: 'timed_out' } });
    expect((await scene.say(reported, 'complete', { outcome: 'succeeded' })).body.status).toBe('timed_out');
    expect((await scene.say(reported, 'complete', { outcome: 'succeeded' })).status).toBe(200);
    expect(await scene.storyOf(reported)).toEqual(['running: started', 'stopping: max-runtime', 'timed_out: reported']);

    const before = await scene.read(cancelled);
    const after = (await scene.cancel(cancelled)).body;
    expect(after.stopping).toEqual({ ...before.stopping, outcome: 'cancelled' });
    const told = await scene.team.viewer.get<{ sentence: string }>(
      `${scene.cluster.deploymentPath(cancelled)}/explanation`,
    );
    expect(told.body.sentence).toMatch(
      /its runtime was asked .* to stop it, because it has run for as long as it may\. .*, it is cancelled\.$/,
    );
    expect((await scene.say(cancelled, 'complete', { outcome: 'failed' })).body.status).toBe('cancelled');
    expect(await scene.storyOf(cancelled)).toEqual([
      'running: started',
      'stopping: max-runtime',
      'cancelled-meanwhile: cancelled-meanwhile',
      'cancelled: reported',
    ]);

    await scene.hurry(waited);
    await scene.becomes(waited, 'timed_out');
    expect((await scene.storyOf(waited)).at(-1)).toBe('timed_out: grace-over');
    expect((await scene.cluster.passes()).some(({ timedOut }) => timedOut === 1)).toBe(true);
  });

  it('announces a stop by an event of the stream with cause and deadline', async () => {
    const path = `${scene.team.path}/events?clusterId=${scene.cluster.id}&status=stopping`;
    const reader = await followFromNow(scene.stowage, path, scene.runtime);
    const id = await scene.running();
    await scene.cancel(id);
    const [heard] = await reader.until(1);
    reader.close();
    expect(heard?.data).toMatchObject({
      type: 'deployment.stopping',
      deploymentId: id,
      attempt: 1,
      from: 'running',
      to: 'stopping',
      cause: 'cancelled',
      actorId: scene.team.developer.id,
      until: (await scene.read(id)).stopping?.until,
      preemption: null,
    });
    await scene.say(id, 'complete', { outcome: 'failed' });
    expect((await scene.eventsOf(id)).map(({ until }) => until !== null)).toEqual([false, false, false, true, false]);
  });

  it('ends a deployment at once without a reported start, and on a cluster without a grace', async () => {
    const ungranting = await scene.granting(0);
    const fresh = await scene.scheduled();
    const timed = await scene.scheduled({ maxRuntimeSeconds: 86_400 });
    const hasty = await scene.running({}, ungranting);
    expect((await scene.cancel(fresh)).body.status).toBe('cancelled');
    expect((await scene.cancel(hasty)).body.status).toBe('cancelled');
    await scene.hurry(timed);
    await scene.becomes(timed, 'timed_out');
    // What the policy says at that moment counts: not what it said when it started.
    const later = await scene.running({}, ungranting);
    await scene.team.admin.patch(ungranting.path, { policy: { stopGraceSeconds: 5 } });
    expect((await scene.cancel(later)).body.status).toBe('stopping');
    await scene.say(later, 'complete', { outcome: 'failed' });
  });

  it('includes stopping deployments in bulk cancellations, reports and lists', async () => {
    const pool = await scene.granting(GRACE_SECONDS);
    const runs = [await scene.running({}, pool), await scene.running({}, pool)];
    const late = await scene.outOfTime(pool);
    const other = await scene.scheduled({}, pool);
    const path = `${pool.path}/deployments/cancel`;
    const statuses = async (filter: string): Promise<string[]> => {
      const list = `${scene.team.path}/deployments?clusterId=${pool.id}&status=${filter}`;
      return (await scene.team.viewer.get<{ items: Shown[] }>(list)).body.items.map(({ id }) => id).sort();
    };
    expect(await statuses('stopping')).toEqual([late]);
    expect((await scene.team.developer.post(path, { filter: {}, dryRun: true })).body).toMatchObject({
      matched: 4,
      cancelled: 0,
      stopping: 0,
    });
    expect((await scene.team.developer.post(path, { filter: { status: ['stopping', 'running'] } })).body).toMatchObject(
      {
        matched: 3,
        notOwned: 0,
        cancelled: 3,
        stopping: 3,
      },
    );
    expect((await scene.team.developer.post(path, { filter: {} })).body).toMatchObject({
      matched: 1,
      cancelled: 1,
      stopping: 0,
    });
    expect((await scene.team.developer.post(path, { filter: {} })).body).toMatchObject({ matched: 0, cancelled: 0 });
    expect(await statuses('stopping')).toEqual([...runs, late].sort());
    expect(await statuses('cancelled')).toEqual([other]);

    const [first = '', second = ''] = runs;
    const answer = await scene.stowage.client.post<{ results: { problem?: { code: string } }[] }>(
      `${pool.path}/deployments/complete`,
      {
        token: scene.runtime,
        body: {
          reports: [
            { id: first, outcome: 'failed', attempt: 1 },
            { id: first, outcome: 'failed', attempt: 1 },
            { id: first, outcome: 'succeeded', attempt: 1 },
            { id: second, outcome: 'succeeded', attempt: 2 },
            { id: second, outcome: 'succeeded', attempt: 1 },
            { id: late, outcome: 'failed' },
          ],
        },
      },
    );
    expect(answer.body.results.map(({ problem }) => problem?.code ?? 'accepted')).toEqual([
      'accepted',
      'accepted',
      'DEPLOYMENTS.INVALID_STATE',
      'DEPLOYMENTS.STALE_ATTEMPT',
      'accepted',
      'accepted',
    ]);
    expect(await statuses('cancelled')).toEqual([...runs, late, other].sort());
    await eventually(pool.read.bind(pool), ({ allocated }) => allocated.cpu === 0);
  });

  it('refuses to delete a cluster or an organization until its stopping deployments have stopped', async () => {
    const others = await aTeam(scene.stowage.client);
    const pool = await TestCluster.create(others, { cpu: 1 });
    await others.admin.patch(pool.path, { policy: { stopGraceSeconds: GRACE_SECONDS } });
    const id = await pool.submit();
    await eventually(
      () => pool.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    await others.admin.post(`${pool.deploymentPath(id)}/start`);
    await others.admin.post(`${pool.path}/drain`);
    expect((await pool.cancel(id)).body.status).toBe('stopping');
    expect(await others.admin.delete(pool.path)).toMatchObject({
      status: 409,
      body: { code: 'CLUSTERS.NOT_EMPTY', allocated: { cpu: 1 } },
    });
    expect((await others.admin.delete(others.path)).status).toBe(409);
    expect((await pool.complete(id)).body.status).toBe('cancelled');
    await eventually(pool.read.bind(pool), ({ allocated }) => allocated.cpu === 0);
    expect((await others.admin.delete(pool.path)).status).toBe(204);
  });
});
