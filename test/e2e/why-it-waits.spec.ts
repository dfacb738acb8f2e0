import { describe, expect, it } from '@jest/globals';

import { aDeployment, gpus, TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Explanation {
  sentence: string;
  blockers: Record<string, unknown>[];
}

const cores = (cpu: number): Record<string, unknown> => ({ cpu, memoryMib: 1, gpu: 0 });

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

/** What users of other schedulers complain of, replayed. */
describe('why a deployment waits', () => {
  const scheduled = (cluster: TestCluster, id: string): Promise<string> =>
    eventually(
      () => cluster.statusOf(id),
      (status) => status === 'scheduled',
    );

  it('refuses a request that exceeds the cluster at once, with numbers', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4, gpu: 2 });
    const answer = await team.developer.post(`${cluster.path}/deployments`, aDeployment({ resources: gpus(3) }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.text).toContain('3');
    expect(answer.text).toContain('2');
  });

  it('names the reservation, and its end, that a small deployment waits for', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    await team.admin.patch(cluster.path, { policy: { reserveAfterSeconds: 0 } });
    await scheduled(cluster, await cluster.submit({ resources: gpus(5), maxRuntimeSeconds: 3600 }));
    const large = await cluster.submit({ resources: gpus(8) });
    const reserved = await eventually(
      async () =>
        (
          await team.viewer.get<{ reservation: { promisedAt: string } | null }>(
            `${cluster.deploymentPath(large)}/explanation`,
          )
        ).body.reservation,
      (reservation) => reservation !== null,
    );
    const small = await cluster.submit({ resources: gpus(1), maxRuntimeSeconds: 7200 });
    const told = await eventually(
      async () => (await team.viewer.get<Explanation>(`${cluster.deploymentPath(small)}/explanation`)).body,
      ({ blockers }) => blockers[0]?.['code'] !== 'NEXT_PASS',
    );
    expect(told.blockers).toEqual([
      {
        code: 'RESERVATION',
        id: large,
        state: 'promised',
        promisedAt: reserved?.promisedAt,
        until: null,
        resources: [{ resource: 'gpu', needed: 1, available: 0 }],
      },
    ]);
    const promised = `${(reserved?.promisedAt ?? '').slice(0, 19).replace('T', ' ')} UTC`;
    expect(told.sentence).toBe(
      `It waits because resources are kept for another deployment, which was first in turn and starts at ${promised}, and this one would still be using them then.`,
    );
  });

  it('starts 12 of 12 deployments by priority and age while eight full slots are freed one by one', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    const running = await cluster.submitBatch(Array.from({ length: 8 }, () => ({ resources: gpus(1) })));
    for (const id of running) await scheduled(cluster, id);
    const waiting: Record<50 | 51, string[]> = { 50: [], 51: [] };
    for (const priority of [50, 51] as const) {
      for (let index = 0; index < 6; index++)
        waiting[priority].push(await cluster.submit({ priority, resources: gpus(1) }));
    }
    const order = [...waiting[51], ...waiting[50]];
    const held = [...running];
    for (const [index, next] of order.entries()) {
      await cluster.complete(held.shift() ?? '');
      await scheduled(cluster, next);
      held.push(next);
      const others = await Promise.all(order.slice(index + 1).map((id) => cluster.statusOf(id)));
      expect(others.every((status) => status === 'queued')).toBe(true);
    }
  });

  it('starts a deployment that needs CPU alone behind 1,000 waiting GPU requests', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4, gpu: 1 });
    const [first = ''] = await cluster.submitBatch(
      Array.from({ length: 1_000 }, () => ({ priority: 90, resources: gpus(1) })),
    );
    await eventually(
      async () => (await cluster.read()).allocated.gpu,
      (gpu) => gpu === 1,
    );
    const id = await cluster.submit({ priority: 10, resources: cores(1) });
    await scheduled(cluster, id);
    const { comparison } = (
      await team.viewer.get<{ comparison: Record<string, unknown> }>(
        `${cluster.deploymentPath(id)}/explanation?compareWith=${first}`,
      )
    ).body;
    expect(comparison['sentence']).toEqual(expect.any(String));
  });

  it('shows the snapshot of a pass shape by shape, and what the pass started', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    await cluster.cordon();
    await cluster.submitBatch(Array.from({ length: 3 }, () => ({ priority: 60, resources: gpus(3) })));
    await cluster.submit({ resources: gpus(1), maxRuntimeSeconds: 60 });
    await cluster.uncordon();
    const pass = await eventually(
      async () => (await cluster.passes()).find(({ placed }) => placed > 0),
      (found) => found !== undefined,
    );
    const { body } = await team.viewer.get(`${cluster.path}/passes/${pass?.id ?? ''}`);
    expect(body).toMatchObject({
      certificate: { optimal: true },
      snapshot: {
        capacity: { gpu: 8 },
        allocated: { gpu: 0 },
        cordoned: false,
        shapes: [
          { priority: 60, resources: gpus(3), maxRuntimeSeconds: null, waiting: 3, placed: 2 },
          { priority: 50, resources: gpus(1), maxRuntimeSeconds: 60, waiting: 1, placed: 1 },
        ],
      },
    });
  });
});
