import { describe, expect, it } from '@jest/globals';

import { type DeploymentBody, TestCluster } from '../support/clusters.js';
import { type EventReader, followFromNow } from '../support/event-reader.js';
import { sampleOf } from '../support/metrics.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Shown extends DeploymentBody {
  readonly preemptions: number;
  readonly stopping: { readonly cause: string; readonly outcome: string; readonly until: string } | null;
}

interface Told {
  readonly type: string;
  readonly deploymentId: string;
  readonly attempt: number;
  readonly cause: string;
  readonly passId: string | null;
  readonly until: string | null;
  readonly preemption: Record<string, unknown> | null;
}

interface Usage {
  readonly preempted: {
    readonly count: number;
    readonly lostSeconds: number;
    readonly attempts: readonly Record<string, unknown>[];
  };
}

/** Two cores on which two of low priority run. */
interface Busy {
  readonly cluster: TestCluster;
  readonly low: readonly [string, string];
  /** What has happened in the cluster since then. */
  readonly reader: EventReader;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('preemption, over HTTP', () => {
  const read = async (cluster: TestCluster, id: string): Promise<Shown> =>
    (await team.viewer.get<Shown>(cluster.deploymentPath(id))).body;

  const becomes = (cluster: TestCluster, id: string, status: string, attempt = 1): Promise<Shown> =>
    eventually(
      () => read(cluster, id),
      (shown) => shown.status === status && shown.attempt === attempt,
    );

  const submit = (cluster: TestCluster, priority: number, cpu: number): Promise<string> =>
    cluster.submit({ priority, preemptible: priority < 50, resources: { cpu, memoryMib: 1 } });

  /** What a runtime says. */
  const say = async (cluster: TestCluster, id: string, action: 'start' | 'complete', body: unknown): Promise<void> => {
    expect((await team.admin.post(`${cluster.deploymentPath(id)}/${action}`, body)).status).toBe(200);
  };

  const usage = async (cluster: TestCluster): Promise<Usage['preempted']> =>
    (await team.viewer.get<Usage>(`${cluster.path}/usage`)).body.preempted;

  /** How often anything was preempted, and the seconds that were lost, as the metrics have it. */
  const counted = async (): Promise<{ preemptions: number; seconds: number }> => {
    const { text } = await stowage.client.get('/metrics');
    return {
      preemptions: sampleOf(text, 'stowage_preemptions_total') ?? NaN,
      seconds: sampleOf(text, 'stowage_preempted_seconds_total') ?? NaN,
    };
  };

  const aBusyCluster = async (stopGraceSeconds: number): Promise<Busy> => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const low = [await submit(cluster, 10, 1), await submit(cluster, 10, 1)] as const;
    for (const id of low) {
      await becomes(cluster, id, 'scheduled');
      await say(cluster, id, 'start', { attempt: 1 });
    }
    const policy = { preemption: 'lower-priority', preemptAfterSeconds: 0, stopGraceSeconds };
    expect((await team.admin.patch(cluster.path, { policy })).status).toBe(200);
    const reader = await followFromNow(stowage, `${team.path}/events?clusterId=${cluster.id}`, team.viewer.token);
    return { cluster, low, reader };
  };

  it('starts a higher priority at once in the place of lower ones, shows the preemption everywhere, and gives the place back', async () => {
    const before = await counted();
    const { cluster, low, reader } = await aBusyCluster(0);
    const high = await submit(cluster, 90, 2);
    await becomes(cluster, high, 'scheduled');
    for (const id of low) {
      expect(await read(cluster, id)).toMatchObject({ status: 'queued', attempt: 2, preemptions: 1, startedAt: null });
    }

    // A runtime that follows the stream stops both before it starts the other.
    const told = (await reader.until(4)).map(({ data }) => data as unknown as Told);
    reader.close();
    expect(told.map(({ type }) => type)).toEqual([
      'deployment.queued',
      'deployment.queued',
      'deployment.queued',
      'deployment.scheduled',
    ]);
    const [submitted, ...ofThePass] = told;
    expect(submitted).toMatchObject({ deploymentId: high, preemption: null });
    expect(
      ofThePass
        .map(({ deploymentId }) => deploymentId)
        .slice(0, 2)
        .sort(),
    ).toEqual([...low].sort());
    expect(ofThePass[2]).toMatchObject({ deploymentId: high, cause: 'placed', preemption: null });
    expect(new Set(ofThePass.map(({ passId }) => passId)).size).toBe(1);
    for (const victim of ofThePass.slice(0, 2)) {
      expect(victim).toMatchObject({
        cause: 'preempted',
        attempt: 2,
        until: null,
        preemption: { preemptorId: high, priority: 90, lostSeconds: expect.any(Number) },
      });
    }

    const { count, lostSeconds, attempts } = await usage(cluster);
    expect(count).toBe(2);
    expect(attempts.map(({ deploymentId }) => deploymentId).sort()).toEqual([...low].sort());
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ attempt: 1, preemptorId: high, preemptorPriority: 90 });
    expect(await counted()).toEqual({
      preemptions: before.preemptions + 2,
      seconds: before.seconds + lostSeconds,
    });

    await say(cluster, high, 'complete', { outcome: 'succeeded', attempt: 1 });
    for (const id of low) await becomes(cluster, id, 'scheduled', 2);
    expect((await usage(cluster)).count).toBe(2);
  });

  it('asks victims with a grace to stop, and starts the preemptor when all have stopped', async () => {
    const before = await counted();
    const { cluster, low, reader } = await aBusyCluster(600);
    const high = await submit(cluster, 90, 2);
    for (const id of low) {
      expect(await becomes(cluster, id, 'stopping')).toMatchObject({
        preemptions: 1,
        stopping: { cause: 'preempted', outcome: 'queued' },
      });
    }
    const told = (await reader.until(3)).map(({ data }) => data as unknown as Told);
    reader.close();
    expect(told.map(({ type }) => type)).toEqual(['deployment.queued', 'deployment.stopping', 'deployment.stopping']);
    for (const { deploymentId, ...asked } of told.slice(1)) {
      const { stopping } = await read(cluster, deploymentId);
      expect(asked).toMatchObject({
        cause: 'preempted',
        attempt: 1,
        until: stopping?.until,
        preemption: { preemptorId: high, priority: 90, lostSeconds: null },
      });
    }
    expect(await cluster.read()).toMatchObject({ allocated: { cpu: 2 }, queue: { queued: 1 } });
    const { body } = await team.viewer.get<{ startsNext: boolean; blockers: unknown[] }>(
      `${cluster.deploymentPath(high)}/explanation`,
    );
    expect(body.startsNext).toBe(false);
    expect(body.blockers).toContainEqual(expect.objectContaining({ code: 'NOMINATED', isOwn: true }));

    // One yields, the other one is just done.
    await say(cluster, low[0], 'complete', { outcome: 'failed', attempt: 1 });
    await becomes(cluster, low[0], 'queued', 2);
    expect((await read(cluster, high)).status).toBe('queued');
    await say(cluster, low[1], 'complete', { outcome: 'succeeded', attempt: 1 });
    await becomes(cluster, high, 'scheduled');
    expect((await read(cluster, low[1])).status).toBe('succeeded');
    const { count, lostSeconds, attempts } = await usage(cluster);
    expect(count).toBe(1);
    expect(attempts).toMatchObject([{ deploymentId: low[0], attempt: 1, preemptorId: high, preemptorPriority: 90 }]);
    expect(await counted()).toEqual({
      preemptions: before.preemptions + 2,
      seconds: before.seconds + lostSeconds,
    });
  });

  it('takes back what has not stopped in time', async () => {
    const { cluster, low, reader } = await aBusyCluster(1);
    reader.close();
    const high = await submit(cluster, 90, 2);
    await becomes(cluster, high, 'scheduled');
    for (const id of low) {
      await becomes(cluster, id, 'queued', 2);
      const { body } = await team.viewer.get<{ items: Told[] }>(`${cluster.deploymentPath(id)}/events`);
      expect(body.items.slice(3)).toMatchObject([
        { type: 'deployment.stopping', cause: 'preempted', attempt: 1 },
        { type: 'deployment.queued', cause: 'grace-over', attempt: 2 },
      ]);
    }
  });
});
