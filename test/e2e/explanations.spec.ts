import { beforeEach, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Explanation {
  status: string;
  position: number | null;
  startsNext: boolean;
  sentence: string;
  blockers: Record<string, unknown>[];
  reservation: Record<string, unknown> | null;
  unlocks: Record<string, unknown>[] | null;
  truncatedKinds: string[];
  eta: { startsAt: string | null; reason: string | null; horizon: string | null } | null;
  comparison: Record<string, unknown> | null;
}

/** A request for GPUs, with next to nothing else. */
const gpus = (gpu: number): Record<string, unknown> => ({ cpu: 0, memoryMib: 1, gpu });

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('an explanation', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await TestCluster.create(team, { cpu: 100, gpu: 8 });
  });

  const explainOnce = async (id: string, query: string): Promise<Explanation> => {
    const answer = await team.viewer.get<Explanation>(`${cluster.deploymentPath(id)}/explanation${query}`);
    if (answer.status !== 200) throw new Error(`explaining was answered by ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  /** Asks again where the search for unlocks was cut by the clock: here it is short, and only a busy machine cuts it. */
  const explain = (id: string, query = '?eta=full'): Promise<Explanation> =>
    eventually(
      () => explainOnce(id, query),
      ({ truncatedKinds }) => truncatedKinds.length === 0,
    );

  const status = async (id: string): Promise<string> => (await cluster.deployment(id)).status;

  const scheduled = async (fields: Readonly<Record<string, unknown>>): Promise<string> => {
    const id = await cluster.submit(fields);
    await eventually(
      () => status(id),
      (now) => now === 'scheduled',
    );
    return id;
  };

  /** Waits until the pass that saw a deployment left it waiting. */
  const left = async (fields: Readonly<Record<string, unknown>>): Promise<string> => {
    const id = await cluster.submit(fields);
    await eventually(
      () => explain(id, '?unlocks=false&eta=none'),
      ({ blockers }) => blockers[0]?.['code'] !== 'NEXT_PASS',
    );
    return id;
  };

  it('explains a waiting deployment by shortfalls, changes that would start the deployment, and a start time', async () => {
    const small = await scheduled({ name: 'small', resources: gpus(3), maxRuntimeSeconds: 3600 });
    await scheduled({ name: 'large', resources: gpus(4), maxRuntimeSeconds: 7200 });
    const id = await left({ resources: gpus(4) });
    const told = await explain(id);
    expect(told).toMatchObject({
      status: 'queued',
      position: 1,
      startsNext: false,
      sentence: 'It waits because it asks for 4 GPUs and only 1 GPU is free (3 GPUs too few).',
      blockers: [{ code: 'NOT_ENOUGH', resource: 'gpu', needed: 4, available: 1, missing: 3 }],
      reservation: null,
      truncatedKinds: [],
      comparison: null,
    });
    const { scheduledAt } = await cluster.deployment(small);
    const startsAt = new Date(Math.ceil(Date.parse(scheduledAt ?? '')) + 3_600_000).toISOString();
    expect(told.unlocks).toEqual([
      { kind: 'request', less: { cpu: 0, memoryMib: 0, gpu: 3 }, request: { cpu: 0, memoryMib: 1, gpu: 1 } },
      {
        kind: 'capacity',
        more: { cpu: 0, memoryMib: 0, gpu: 3 },
        capacity: { cpu: 100, memoryMib: 1_000_000, gpu: 11 },
      },
      { kind: 'ended', deployments: [{ id: small, name: 'small' }], fewest: true },
      { kind: 'time', startsAt: told.eta?.startsAt },
    ]);
    expect(told.eta).toMatchObject({ reason: null, horizon: null });
    expect(Math.abs(Date.parse(told.eta?.startsAt ?? '') - Date.parse(startsAt))).toBeLessThan(10);
  });

  it('starts a deployment by each change that its explanation lists', async () => {
    const small = await scheduled({ resources: gpus(3) });
    await scheduled({ resources: gpus(4) });
    const id = await left({ resources: gpus(4) });
    const { unlocks } = await explain(id);
    expect(unlocks).toContainEqual({
      kind: 'ended',
      deployments: [expect.objectContaining({ id: small })],
      fewest: true,
    });
    await cluster.complete(small);
    await eventually(
      () => status(id),
      (now) => now === 'scheduled',
    );
  });

  it('gives the reason for an unknown start time', async () => {
    await scheduled({ resources: gpus(8) });
    const id = await left({ resources: gpus(1) });
    expect((await explain(id)).eta).toEqual({
      startsAt: null,
      likely: null,
      reason: 'runtimes-undeclared',
      horizon: null,
    });
    expect(await explain(id, '?eta=none&unlocks=false')).toMatchObject({ eta: null, unlocks: null });
  });

  it('names a cluster that is cordoned, draining or has become too small as the blocker', async () => {
    await cluster.cordon();
    const id = await cluster.submit({ resources: gpus(8) });
    expect(await explain(id)).toMatchObject({
      blockers: [{ code: 'CORDONED' }],
      unlocks: [],
      eta: { reason: 'stopped' },
    });
    await team.admin.patch(cluster.path, { capacity: { cpu: 100, memoryMib: 1_000_000, gpu: 2 } });
    await cluster.uncordon();
    const told = await explain(id);
    expect(told.blockers).toEqual([{ code: 'TOO_LARGE', resource: 'gpu', needed: 8, capacity: 2, exceeding: 6 }]);
    expect(told.sentence).toContain('it asks for 8 GPUs and the whole cluster has only 2 GPUs, so it cannot start');
    expect(told.eta).toMatchObject({ reason: 'too-large' });
    await team.admin.post(`${cluster.path}/drain`);
    expect((await explain(id)).blockers.map(({ code }) => code)).toEqual(['DRAINING', 'TOO_LARGE']);
  });

  it('names the time when a failed attempt is queued again, and its blockers then', async () => {
    const id = await scheduled({ resources: gpus(8), maxRetries: 100 });
    // However slow the machine is: it fails until one pause could be made long enough to be looked at.
    const told = await eventually(
      async () => {
        await team.developer.post(`${cluster.deploymentPath(id)}/complete`, { outcome: 'failed' });
        await withClient(stowage.database.url, (client) =>
          client.query(`update deployments set due_at = '2100-01-01' where id = $1 and status = 'retrying'`, [id]),
        );
        return explain(id);
      },
      ({ status: now }) => now === 'retrying',
    );
    expect(told.blockers[0]).toEqual({ code: 'RETRY', retryAt: '2100-01-01T00:00:00.000Z' });
    expect(told).toMatchObject({ position: null, unlocks: null, eta: { reason: 'retrying' } });
  });

  it('describes the state of a deployment that does not wait', async () => {
    const id = await scheduled({});
    expect(await explain(id)).toMatchObject({ status: 'scheduled', blockers: [], unlocks: null, eta: null });
    await cluster.complete(id);
    expect((await explain(id)).sentence).toMatch(/^It does not wait: it ended as succeeded at /);
  });

  it('forecasts the whole first page of a queue, by rank', async () => {
    const running = await scheduled({ resources: gpus(8), maxRuntimeSeconds: 3600 });
    const low = await left({ resources: gpus(8), maxRuntimeSeconds: 600 });
    const high = await left({ resources: gpus(5), priority: 60, maxRuntimeSeconds: 1800 });
    const { body } = await team.viewer.get<{
      items: { deploymentId: string; startsAt: string | null; reason: string | null }[];
    }>(`${cluster.path}/forecast?limit=5`);
    expect(body.items.map(({ deploymentId }) => deploymentId)).toEqual([high, low]);
    const [first, second] = body.items.map(({ startsAt }) => Date.parse(startsAt ?? ''));
    const { scheduledAt } = await cluster.deployment(running);
    expect(Math.abs((first ?? 0) - Date.parse(scheduledAt ?? '') - 3_600_000)).toBeLessThan(10);
    expect((second ?? 0) - (first ?? 0)).toBe(1_800_000);
  });

  describe('of which comes first', () => {
    const compareWith = async (a: string, b: string): Promise<Record<string, unknown>> =>
      (await explain(a, `?unlocks=false&eta=none&compareWith=${b}`)).comparison ?? {};

    it('names the priority, the age, or that no rule decides, of two that wait', async () => {
      await scheduled({ resources: gpus(8) });
      const low = await left({ name: 'low', resources: gpus(2) });
      const twin = await left({ name: 'twin', resources: gpus(2) });
      const high = await left({ name: 'high', resources: gpus(4), priority: 60 });
      const other = await left({ name: 'other', resources: gpus(3) });
      expect(await compareWith(low, high)).toMatchObject({
        first: high,
        rule: 'priority',
        priority: 60,
        otherPriority: 50,
        passId: null,
        sentence: 'high comes before low because its priority is higher: 60 instead of 50.',
      });
      expect(await compareWith(twin, low)).toMatchObject({ first: low, rule: 'age' });
      expect(await compareWith(other, low)).toMatchObject({ first: null, rule: 'undecided' });
    });

    it('compares two deployments by the record of the pass that started one of them', async () => {
      await cluster.cordon();
      const [a, b, c, large] = [
        await cluster.submit({ name: 'a', resources: gpus(3) }),
        await cluster.submit({ name: 'b', resources: gpus(3) }),
        await cluster.submit({ name: 'c', resources: gpus(3) }),
        await cluster.submit({ name: 'large', resources: gpus(6) }),
      ];
      await cluster.uncordon();
      await eventually(
        () => status(b),
        (now) => now === 'scheduled',
      );
      const told = await compareWith(large, a);
      expect(told).toMatchObject({
        first: a,
        rule: 'more-starts',
        priority: 50,
        placed: 2,
        placedWithOther: 1,
        fromRecord: true,
      });
      expect(told['sentence']).toBe(
        'a started before large because so 2 of priority 50 could start, and with large only 1.',
      );
      expect(await compareWith(a, b)).toMatchObject({ first: null, rule: 'same-pass' });
      expect(await compareWith(c, a)).toMatchObject({ first: a, rule: 'age', fromRecord: true });
      const later = await left({ name: 'later', resources: gpus(8) });
      expect(await compareWith(later, a)).toMatchObject({ first: a, rule: 'not-waiting' });
    });

    it('compares only within a cluster', async () => {
      const id = await scheduled({});
      const elsewhere = await (await TestCluster.create(team, { cpu: 1 })).submit();
      for (const other of [newId(), elsewhere]) {
        const answer: Answer = await team.viewer.get(`${cluster.deploymentPath(id)}/explanation?compareWith=${other}`);
        expect(answer).toMatchObject({ status: 404, body: { code: 'EXPLANATIONS.OTHER_NOT_FOUND' } });
      }
      const same: Answer = await team.viewer.get(`${cluster.deploymentPath(id)}/explanation?compareWith=${id}`);
      expect(same).toMatchObject({ status: 400, body: { code: 'EXPLANATIONS.OTHER_IS_SAME' } });
    });
  });
});
