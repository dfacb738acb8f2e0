import { describe, expect, it } from '@jest/globals';

import { gpus, TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Shape {
  priority: number;
  resources: Record<string, number>;
  maxRuntimeSeconds: number | null;
  waiting: number;
  oldest: { id: string; queuedAt: string } | null;
  sentence: string;
  blockers: Record<string, unknown>[];
}

interface Blockers {
  asOf: string | null;
  passId: string | null;
  current: boolean;
  waiting: number;
  shapes: number;
  items: Shape[];
  nextCursor: string | null;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('what keeps a queue', () => {
  /** Once the scheduler has looked at all that waits. */
  const settled = (cluster: TestCluster, waiting: number, query = ''): Promise<Blockers> =>
    eventually(
      async () => (await team.viewer.get<Blockers>(`${cluster.path}/blockers${query}`)).body,
      (told) => told.current && told.waiting === waiting,
    );

  it('lists the blockers of a queue by shape, priority and age, in numbers and in words', async () => {
    const cluster = await TestCluster.create(team, { gpu: 8 });
    await cluster.submit({ resources: gpus(7) });
    await settled(cluster, 0);
    const older = await cluster.submit({ resources: gpus(2) });
    await cluster.submit({ resources: gpus(4), priority: 60 });
    const twin = await cluster.submit({ resources: gpus(2) });
    const told = await settled(cluster, 3);
    expect(told.passId).toBe((await cluster.passes()).at(-1)?.id);
    expect(told).toMatchObject({ shapes: 2, nextCursor: null });
    expect(told.items.map(({ priority, resources, waiting }) => [priority, resources['gpu'], waiting])).toEqual([
      [60, 4, 1],
      [50, 2, 2],
    ]);
    expect(told.items[1]).toMatchObject({
      oldest: { id: older },
      maxRuntimeSeconds: null,
      sentence:
        'It waits because it asks for 2 GPUs and only 1 GPU is free (1 GPU too few); 1 deployment of higher priority waits for the same.',
      blockers: [
        { code: 'NOT_ENOUGH', resource: 'gpu', needed: 2, available: 1, missing: 1 },
        { code: 'OUTRANKED', reason: 'higher-priority', priority: 60, deployments: 1 },
      ],
    });
    const explanation = await team.viewer.get<Shape>(`${cluster.deploymentPath(older)}/explanation?eta=none`);
    expect(explanation.body).toMatchObject({ sentence: told.items[1]?.sentence, blockers: told.items[1]?.blockers });
    const queue = await team.viewer.get<{ items: { id: string; blockers: string[] | null }[] }>(
      `${cluster.path}/queue`,
    );
    expect(queue.body.items.slice(1).map(({ id, blockers }) => [id, blockers])).toEqual([
      [older, ['NOT_ENOUGH', 'OUTRANKED']],
      [twin, ['NOT_ENOUGH', 'OUTRANKED']],
    ]);
  });

  it('pages through the shapes of a queue', async () => {
    const cluster = await TestCluster.create(team, { gpu: 2 });
    await cluster.submit({ resources: gpus(2), priority: 100 });
    await settled(cluster, 0);
    const priorities = [70, 30, 50, 50, 50, 10];
    await cluster.submitBatch(priorities.map((priority, index) => ({ priority, resources: gpus(1 + (index % 2)) })));
    const whole = await settled(cluster, 6);
    const seen: Shape[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body }: { body: Blockers } = await team.viewer.get<Blockers>(`${cluster.path}/blockers?limit=2${query}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(whole.items);
    expect(whole.items.map(({ priority, waiting }) => [priority, waiting])).toEqual([
      [70, 1],
      [50, 2],
      [50, 1],
      [30, 1],
      [10, 1],
    ]);
  });

  it('follows what happens: a cordon, a reservation, an empty queue', async () => {
    const cluster = await TestCluster.create(team, { gpu: 4 });
    await team.admin.patch(cluster.path, { policy: { reserveAfterSeconds: 0, reservationOrder: 'age' } });
    const running = await cluster.submit({ resources: gpus(3), maxRuntimeSeconds: 3_600 });
    await settled(cluster, 0);
    const holder = await cluster.submit({ resources: gpus(4) });
    await settled(cluster, 1);
    await cluster.submit({ resources: gpus(1) });
    const reserved = await settled(cluster, 2);
    const codes = (told: Blockers): unknown[] => told.items.map(({ blockers }) => blockers.map(({ code }) => code));
    expect(reserved.items[1]?.blockers).toEqual([expect.objectContaining({ code: 'RESERVATION', id: holder })]);
    expect(reserved.items[1]?.sentence).toMatch(
      /^It waits because resources are kept for another deployment, which was first in turn and starts at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, and this one would still be using them then\.$/,
    );
    await cluster.cordon();
    const cordoned = await eventually(
      () => settled(cluster, 2),
      (told) => told.items[1]?.blockers[0]?.['code'] === 'CORDONED',
    );
    expect(codes(cordoned)).toEqual([['CORDONED', 'NOT_ENOUGH', 'OUTRANKED'], ['CORDONED']]);
    await cluster.uncordon();
    await cluster.complete(running);
    await eventually(
      () => settled(cluster, 1),
      (told) => told.items[0]?.resources['gpu'] === 1,
    );
    await cluster.complete(holder);
    expect(await settled(cluster, 0)).toMatchObject({ shapes: 0, items: [], nextCursor: null });
  });
});
