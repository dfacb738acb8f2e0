import { describe, expect, it } from '@jest/globals';

import { withClient } from '../support/database.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Deployment {
  id: string;
  status: string;
  scheduledAt: string | null;
}

interface Pass {
  reservation: { deploymentId: string; state: string; promisedAt: string | null } | null;
  reservationEvents: { deploymentId: string; kind: string; cause: string }[];
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('reservations in a running cluster', () => {
  const aCluster = async (name: string, cpu: number, policy: object): Promise<string> => {
    const { body } = await team.admin.post<{ id: string }>(`${team.path}/clusters`, {
      name,
      capacity: { cpu, memoryMib: 0, gpu: 0 },
      policy,
    });
    return `${team.path}/clusters/${body.id}`;
  };
  const submit = async (path: string, name: string, cpu: number, maxRuntimeSeconds?: number): Promise<string> => {
    const { body } = await team.developer.post<Deployment>(`${path}/deployments`, {
      name,
      image: 'app',
      resources: { cpu, memoryMib: 0 },
      ...(maxRuntimeSeconds === undefined ? {} : { maxRuntimeSeconds }),
    });
    return body.id;
  };
  const read = async (id: string): Promise<Deployment> =>
    (await team.viewer.get<Deployment>(`${team.path}/deployments/${id}`)).body;
  const passes = async (path: string): Promise<Pass[]> =>
    (await team.viewer.get<{ items: Pass[] }>(`${path}/passes?limit=100`)).body.items;

  it('counts on the written ends of deployments that start in the same pass', async () => {
    const path = await aCluster('together', 100, { reserveAfterSeconds: 0, reservationOrder: 'age' });
    await team.admin.post(`${path}/cordon`);
    await submit(path, 'half', 50, 3_600);
    const all = await submit(path, 'all', 100);
    const before = (await passes(path)).length;
    await team.admin.post(`${path}/uncordon`);
    const told = (at: Pass[]): Pass['reservationEvents'] =>
      at.flatMap(({ reservationEvents }) => reservationEvents).filter(({ deploymentId }) => deploymentId === all);
    const first = await eventually(
      () => passes(path),
      (list) => told(list).length > 0,
    );
    expect(first.length).toBeGreaterThan(before);
    await submit(path, 'another', 100);
    const later = await eventually(
      () => passes(path),
      (list) => list.length > first.length,
    );
    expect(told(later)).toMatchObject([{ kind: 'promised' }]);
  });

  it('starts the large one when the first runtime is over, and lets a short one in before (the four-job example)', async () => {
    // While B1 runs, A waits for 60 of 100. B2 would fit beside B1, but not end with it; C ends long before.
    const path = await aCluster('four', 100, { reserveAfterSeconds: 0, reservationOrder: 'age' });
    const b1 = await submit(path, 'b1', 50, 8);
    await eventually(
      () => read(b1),
      ({ status }) => status === 'scheduled',
    );
    const a = await submit(path, 'a', 60, 2);
    const b2 = await submit(path, 'b2', 50, 30);
    const c = await submit(path, 'c', 50, 1);

    const started = new Map<string, number>();
    for (const [name, id] of Object.entries({ b1, c, a, b2 })) {
      const { scheduledAt } = await eventually(
        () => read(id),
        ({ scheduledAt: at }) => at !== null,
      );
      started.set(name, Date.parse(scheduledAt ?? ''));
    }
    const secondsAfterB1 = (name: string): number => ((started.get(name) ?? 0) - (started.get('b1') ?? 0)) / 1_000;

    expect(secondsAfterB1('c')).toBeLessThan(7);
    expect(secondsAfterB1('a')).toBeGreaterThanOrEqual(8);
    expect(secondsAfterB1('b2')).toBeGreaterThanOrEqual(10);
    const events = (await passes(path)).flatMap(({ reservationEvents }) => reservationEvents);
    expect(events.filter(({ deploymentId, kind }) => deploymentId === a && kind === 'moved-later')).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ deploymentId: a, kind: 'promised' }));
  });

  it('gives no reservation past a deployment whose equal starts in the same pass', async () => {
    const path = await aCluster('equals', 2, { reserveAfterSeconds: 0, reservationOrder: 'age' });
    const [stays, ends] = [await submit(path, 'stays', 1, 3_600), await submit(path, 'ends', 1, 3_600)];
    for (const id of [stays, ends]) {
      await eventually(
        () => read(id),
        ({ status }) => status === 'scheduled',
      );
    }
    await team.admin.post(`${path}/cordon`);
    const [first, second] = [await submit(path, 'first', 1, 7_200), await submit(path, 'second', 1, 7_200)];
    const third = await submit(path, 'third', 2, 600);
    await team.developer.post(`${team.path}/deployments/${ends}/complete`, { outcome: 'succeeded' });
    await team.admin.post(`${path}/uncordon`);
    await eventually(
      () => read(first),
      ({ status }) => status === 'scheduled',
    );
    await team.developer.post(`${team.path}/deployments/${stays}/complete`, { outcome: 'succeeded' });
    await eventually(
      () => read(second),
      ({ status }) => status === 'scheduled',
    );
    expect((await read(third)).status).toBe('queued');
    const owners = (await passes(path)).flatMap(({ reservation }) => reservation?.deploymentId ?? []);
    expect([...new Set(owners)]).toEqual([third, second]);
  });

  it('gives the reservation to the longest wait for its runtime, unless the policy says age', async () => {
    const owner = async (name: string, policy: object): Promise<string> => {
      const path = await aCluster(name, 2, { reserveAfterSeconds: 0, ...policy });
      const runs = await submit(path, 'runs', 1, 3_600);
      await eventually(
        () => read(runs),
        ({ status }) => status === 'scheduled',
      );
      await team.admin.post(`${path}/cordon`);
      const ids = [await submit(path, 'long', 2, 7_200), await submit(path, 'short', 2, 60)];
      // Waits count in whole minutes.
      await withClient(stowage.database.url, (client) =>
        client.query(`update deployments set queued_at = queued_at - interval '10 minutes' where id = any($1)`, [ids]),
      );
      await team.admin.post(`${path}/uncordon`);
      const [{ reservation }] = (await eventually(
        () => passes(path),
        ([newest]) => newest?.reservation !== null && newest?.reservation !== undefined,
      )) as [Pass];
      return ids.indexOf(reservation?.deploymentId ?? '') === 0 ? 'long' : 'short';
    };
    expect(await owner('relative', {})).toBe('short');
    expect(await owner('by-age', { reservationOrder: 'age' })).toBe('long');
  });

  it('moves a reservation to the next deployment when its owner is cancelled, even where one of the same shape waits', async () => {
    const path = await aCluster('twins', 10, { reserveAfterSeconds: 0 });
    const running = await submit(path, 'running', 10, 1_000);
    await eventually(
      () => read(running),
      ({ status }) => status === 'scheduled',
    );
    const holder = await submit(path, 'holder', 10, 1);
    const reservation = async (): Promise<unknown> =>
      (await passes(path)).flatMap(({ reservationEvents }) => reservationEvents);
    const promised = (deploymentId: string): unknown => expect.objectContaining({ deploymentId, kind: 'promised' });
    await eventually(reservation, (events) => JSON.stringify(events).includes(holder));
    const twin = await submit(path, 'twin', 10, 1);
    await team.developer.post(`${team.path}/deployments/${holder}/cancel`);
    const events = await eventually(reservation, (all) => JSON.stringify(all).includes(twin));
    expect(events).toContainEqual(promised(holder));
    expect(events).toContainEqual(expect.objectContaining({ deploymentId: holder, kind: 'withdrawn' }));
    expect(events).toContainEqual(promised(twin));
  });

  it('keeps a reservation from passing to a deployment of the same shape when its owner gets another priority', async () => {
    const path = await aCluster('edited', 10, { reserveAfterSeconds: 0 });
    const running = await submit(path, 'running', 10, 1_000);
    await eventually(
      () => read(running),
      ({ status }) => status === 'scheduled',
    );
    const standing = async (): Promise<Pass['reservation']> => (await passes(path))[0]?.reservation ?? null;
    const holder = await submit(path, 'holder', 10, 1);
    const isFor = (id: string) => (reservation: Pass['reservation']) => reservation?.deploymentId === id;
    await eventually(standing, isFor(holder));
    const twin = await submit(path, 'twin', 10, 1);
    await team.developer.patch(`${team.path}/deployments/${holder}`, { priority: 40 });
    await eventually(standing, isFor(twin));
    await team.developer.post(`${team.path}/deployments/${running}/cancel`);
    await eventually(
      () => read(twin),
      ({ status }) => status !== 'queued',
    );
  });

  it('starts the oldest first among deployments that differ in their runtime alone, without a reservation', async () => {
    const path = await aCluster('ages', 10, { reserveAfterSeconds: null });
    const running = await submit(path, 'running', 10);
    await eventually(
      () => read(running),
      ({ status }) => status === 'scheduled',
    );
    const older = await submit(path, 'older', 10, 1_000);
    const younger = await submit(path, 'younger', 10);
    await team.developer.post(`${team.path}/deployments/${running}/cancel`);
    await eventually(
      () => Promise.all([read(older), read(younger)]),
      (both) => both.some(({ status }) => status !== 'queued'),
    );
    expect([(await read(older)).status, (await read(younger)).status]).toEqual(['scheduled', 'queued']);
  });

  it('starts a large one without declared runtimes although small ones never cease to come', async () => {
    const path = await aCluster('stream', 10, { reserveAfterSeconds: 0 });
    const small = await Promise.all(Array.from({ length: 10 }, (_, index) => submit(path, `small-${index}`, 1)));
    await eventually(
      () => read(small[9] ?? ''),
      ({ status }) => status === 'scheduled',
    );
    const large = await submit(path, 'large', 8);
    await eventually(
      () => passes(path),
      (list) => list.some(({ reservationEvents }) => reservationEvents.some(({ kind }) => kind === 'gathering')),
    );
    for (const id of small) {
      await submit(path, `after-${id.slice(-6)}`, 1);
      await team.developer.post(`${team.path}/deployments/${id}/complete`, { outcome: 'succeeded' });
    }
    const { status } = await eventually(
      () => read(large),
      (deployment) => deployment.status === 'scheduled',
    );
    expect(status).toBe('scheduled');
  });
});
