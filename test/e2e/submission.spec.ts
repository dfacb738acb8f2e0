import { beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { aDeployment, atMost, TestCluster } from '../support/clusters.js';
import { aTeam, type Person } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Submitted {
  readonly id: string;
  readonly name: string;
  readonly code?: string;
}

interface Body {
  readonly id: string;
}

interface Waited {
  readonly id: string;
  readonly status: string;
}

interface Item {
  readonly index: number;
  readonly id?: string;
  readonly problem?: { status: number; code: string; errors?: { pointer: string; code: string }[] };
}

interface ListBody {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a submission', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 4 });
    await cluster.cordon();
  });

  const submit = async (
    fields: Readonly<Record<string, unknown>>,
    where = cluster,
  ): Promise<{ status: number; body: Submitted }> =>
    team.developer.post<Submitted>(`${where.path}/deployments`, aDeployment(fields));

  it('shows all submitted fields, and the image in normal form', async () => {
    const fields = {
      image: 'Registry.Example.com/vision/train',
      labels: { team: 'vision', 'example.com/experiment': 'resnet-7', empty: '' },
      preemptible: true,
      spec: {
        command: ['python', 'train.py'],
        environment: { '1': 'one', EPOCHS: '90' },
        nested: { deep: [null, 1.5] },
      },
    };
    const shown = { ...fields, normalizedImage: 'registry.example.com/vision/train:latest' };
    const answer = await submit(fields);
    expect(answer).toMatchObject({ status: 201, body: shown });
    expect((await team.viewer.get(cluster.deploymentPath(answer.body.id))).body).toMatchObject(shown);
    const list = await team.viewer.get<ListBody>(`${team.path}/deployments?limit=1`);
    const { spec: _, ...listed } = shown;
    expect(list.body.items[0]).toMatchObject(listed);
    expect(list.body.items[0]).not.toHaveProperty('spec');
  });

  it('defaults to no labels, no spec and no preemption', async () => {
    expect((await submit({})).body).toMatchObject({ labels: {}, preemptible: false, spec: null });
  });

  it('requires a name that no other live deployment of the cluster has', async () => {
    const other = await TestCluster.create(team, { cpu: 4 });
    const first = await submit({ name: 'train' });
    expect(await submit({ name: ' train ' })).toMatchObject({
      status: 409,
      body: {
        code: 'DEPLOYMENTS.NAME_TAKEN',
        name: 'train',
        errors: [{ pointer: '#/name', code: 'name-taken' }],
      },
    });
    expect((await submit({ name: 'Train' })).status).toBe(201);
    expect((await submit({ name: 'train' }, other)).status).toBe(201);
    // What has ended gives its name back.
    await cluster.cancel(first.body.id);
    expect((await submit({ name: 'train' })).status).toBe(201);
  });

  it('accepts exactly one of many simultaneous submissions with one name', async () => {
    const answers = await atMost(20, Array.from({ length: 40 }), () => submit({ name: 'wanted' }));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 39 }, () => 409)]);
  });

  it('generates a name from the image, in a form that cannot be submitted', async () => {
    const { body } = await submit({ image: 'registry.example.com/vision/train:2.1' });
    expect(body.name).toMatch(/^train~[0-9a-z]{12}$/);
    expect(await submit({ name: body.name })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/name', code: 'generated-name' }] },
    });
  });

  it('queues or refuses whole batches with names in opposite orders, without deadlock', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const orders = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? names : names.toReversed()));
    const answers = await atMost(8, orders, (order) =>
      team.developer.post(`${cluster.path}/deployments/batch`, {
        deployments: order.map((name) => aDeployment({ name })),
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });

  describe('to a cluster with a policy', () => {
    let limited: TestCluster;

    beforeAll(async () => {
      limited = await TestCluster.create(team, { cpu: 4 });
      await limited.cordon();
      const answer = await team.admin.patch(limited.path, {
        policy: {
          defaultPriority: 60,
          priorityLimitByRole: { developer: 40, admin: 90 },
          defaultMaxRuntimeSeconds: 3_600,
          maxRuntimeSecondsLimitByRole: { developer: 600 },
        },
      });
      expect(answer.body).toMatchObject({
        policy: {
          defaultPriority: 60,
          priorityLimitByRole: { developer: 40, admin: 90 },
          defaultMaxRuntimeSeconds: 3_600,
          maxRuntimeSecondsLimitByRole: { developer: 600, admin: null },
        },
      });
    });

    const submitAs = async (by: Person, fields: Readonly<Record<string, unknown>>): Promise<Answer<Body>> =>
      by.post<Body>(`${limited.path}/deployments`, aDeployment(fields));

    it("fills in the cluster's defaults within the limits of the role", async () => {
      expect((await submitAs(team.admin, {})).body).toMatchObject({ priority: 60, maxRuntimeSeconds: 3_600 });
      expect((await submitAs(team.developer, {})).body).toMatchObject({ priority: 40, maxRuntimeSeconds: 600 });
    });

    it('accepts values within the limits of the role, and refuses values beyond', async () => {
      const asked = { priority: 90, maxRuntimeSeconds: 86_400 };
      expect(await submitAs(team.admin, asked)).toMatchObject({ status: 201, body: asked });
      expect(await submitAs(team.developer, { priority: 40, maxRuntimeSeconds: 600 })).toMatchObject({ status: 201 });
      expect(await submitAs(team.admin, { priority: 91 })).toMatchObject({
        status: 403,
        body: { code: 'DEPLOYMENTS.PRIORITY_ABOVE_LIMIT', limit: 90, role: 'admin' },
      });
      expect(await submitAs(team.developer, { priority: 41 })).toMatchObject({
        status: 403,
        body: { code: 'DEPLOYMENTS.PRIORITY_ABOVE_LIMIT', limit: 40, role: 'developer' },
      });
      expect(await submitAs(team.developer, { maxRuntimeSeconds: 601 })).toMatchObject({
        status: 403,
        body: {
          code: 'DEPLOYMENTS.RUNTIME_ABOVE_LIMIT',
          limit: 600,
          errors: [{ pointer: '#/maxRuntimeSeconds', code: 'above-limit' }],
        },
      });
    });

    it('limits edits too, and keeps a priority that an admin has set', async () => {
      const { body } = await submitAs(team.developer, {});
      const path = limited.deploymentPath(body.id);
      expect(await team.developer.patch(path, { priority: 41 })).toMatchObject({
        status: 403,
        body: { code: 'DEPLOYMENTS.PRIORITY_ABOVE_LIMIT' },
      });
      expect(await team.admin.patch(path, { priority: 80 })).toMatchObject({ status: 200, body: { priority: 80 } });
      expect(await team.developer.patch(path, { labels: { a: 'b' }, priority: 80 })).toMatchObject({ status: 200 });
    });

    it('keeps the limits of a policy when its If-Match is stale', async () => {
      const etag = (await team.admin.get(limited.path)).headers.get('etag') ?? '';
      const change = (developer: number): Promise<Answer<Body>> =>
        team.admin.patch<Body>(
          limited.path,
          { policy: { priorityLimitByRole: { developer } } },
          { headers: { 'if-match': etag } },
        );
      expect((await change(45)).status).toBe(200);
      expect((await change(99)).status).toBe(412);
      expect((await submitAs(team.developer, { priority: 45 })).status).toBe(201);
      expect((await submitAs(team.developer, { priority: 46 })).status).toBe(403);
    });
  });

  describe('of many', () => {
    const items = (): Record<string, unknown>[] => [
      aDeployment({ name: 'many-a' }),
      aDeployment({ image: 'No' }),
      aDeployment({ name: 'many-b' }),
      { resources: 3 },
      aDeployment({ name: 'many-a' }),
      aDeployment({ resources: { cpu: 5, memoryMib: 1 } }),
      aDeployment({ labels: { 'a b': 'c' } }),
    ];

    const refusals = ({ results }: { results: Item[] }): string[] =>
      results
        .filter(({ problem }) => problem !== undefined)
        .map(({ index, problem }) => {
          const [first] = problem?.errors ?? [];
          return [index, problem?.status, problem?.code, first?.pointer, first?.code].join(' ');
        });

    it('queues items independently with onError continue, and answers each item', async () => {
      const answer = await team.developer.post<{ results: Item[] }>(`${cluster.path}/deployments/batch`, {
        deployments: items(),
        onError: 'continue',
      });
      expect(answer.status).toBe(201);
      expect(answer.body.results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(refusals(answer.body)).toEqual([
        '1 400 DEPLOYMENTS.INVALID_IMAGE #/deployments/1/image invalid-image',
        '3 400 REQUEST.INVALID #/deployments/3/image required',
        '4 409 DEPLOYMENTS.NAME_TAKEN #/deployments/4/name name-taken',
        '5 422 DEPLOYMENTS.EXCEEDS_CAPACITY #/deployments/5/resources exceeds-capacity',
        '6 400 REQUEST.INVALID #/deployments/6/labels/a b invalid-key',
      ]);
      for (const [index, name] of [
        [0, 'many-a'],
        [2, 'many-b'],
      ] as const) {
        expect(await cluster.deployment(answer.body.results[index]?.id ?? '')).toMatchObject({
          name,
          status: 'queued',
        });
      }
    });

    it('keeps the order of the items and the first of equal names, over several statements', async () => {
      const where = await TestCluster.create(team, { cpu: 4 });
      await where.cordon();
      // The statements insert in the order of names, which is the opposite.
      const names = Array.from({ length: 1_200 }, (_, index) => `item-${5_000 - index}`);
      const deployments = [...names, 'item-5000', 'item-4500'].map((name) => aDeployment({ name }));
      const answer = await team.developer.post<{ results: Item[] }>(`${where.path}/deployments/batch`, {
        onError: 'continue',
        deployments,
      });
      const taken = answer.body.results.filter(({ problem }) => problem?.code === 'DEPLOYMENTS.NAME_TAKEN');
      expect(taken.map(({ index }) => index)).toEqual([1_200, 1_201]);
      const first = await team.viewer.get<{ items: Submitted[] }>(`${where.path}/queue?limit=100`);
      expect(first.body.items.map(({ id }) => id)).toEqual(answer.body.results.slice(0, 100).map(({ id }) => id));
      expect((await where.read()).queue.queued).toBe(1_200);
    });

    it('queues none of ten thousand items with one invalid, and names the invalid one', async () => {
      const before = (await cluster.read()).queue.queued;
      const deployments = Array.from({ length: 10_000 }, () => aDeployment());
      deployments[7_777] = aDeployment({ image: 'No' });
      const answer = await team.developer.post(`${cluster.path}/deployments/batch`, { deployments });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '#/deployments/7777/image' }] } });
      expect((await cluster.read()).queue.queued).toBe(before);
    });

    it('answers each of ten thousand invalid items', async () => {
      const deployments = Array.from({ length: 10_000 }, () => ({ image: 1, resources: { cpu: -1 }, priority: 101 }));
      const answer = await team.developer.post<{ results: Item[] }>(`${cluster.path}/deployments/batch`, {
        deployments,
        onError: 'continue',
      });
      expect(answer.status).toBe(201);
      expect(refusals(answer.body)).toHaveLength(10_000);
    });
  });

  describe('that prefers to wait', () => {
    const submitWaiting = async (where: TestCluster, seconds: number, headers = {}): Promise<Answer<Waited>> =>
      team.developer.post<Waited>(`${where.path}/deployments`, aDeployment(), {
        headers: { prefer: `wait=${seconds}`, ...headers },
      });

    it('answers when the deployment is scheduled', async () => {
      const free = await TestCluster.create(team, { cpu: 4 });
      const answer = await submitWaiting(free, 20);
      expect(answer).toMatchObject({ status: 201, body: { status: 'scheduled' } });
      expect(answer.headers.get('preference-applied')).toBe('wait=20');
    });

    it('answers when the wait is over, and holds no connection meanwhile', async () => {
      const beganMs = performance.now();
      // More than there are connections.
      const answers = Promise.all(Array.from({ length: 30 }, () => submitWaiting(cluster, 2)));
      await eventually(
        async () => (await cluster.read()).queue.queued,
        (queued) => queued >= 30,
      );
      for (let i = 0; i < 20; i++) await cluster.read();
      for (const answer of await answers) {
        expect(answer).toMatchObject({ status: 201, body: { status: 'queued' } });
        expect(answer.headers.get('preference-applied')).toBe('wait=2');
      }
      expect(performance.now() - beganMs).toBeGreaterThan(1_900);
    });

    it('repeats the first answer under its key, and waits again', async () => {
      const free = await TestCluster.create(team, { cpu: 4 });
      const key = { 'idempotency-key': newId() };
      expect((await submitWaiting(free, 20, key)).body.status).toBe('scheduled');
      const again = await team.developer.post<Waited>(`${free.path}/deployments`, aDeployment(), { headers: key });
      expect([again.body.status, again.headers.get('preference-applied')]).toEqual(['queued', null]);
      expect((await submitWaiting(free, 20, key)).body).toMatchObject({ id: again.body.id, status: 'scheduled' });
    });

    it('answers at once when the preference is not a wait', async () => {
      const answer = await team.developer.post(`${cluster.path}/deployments`, aDeployment(), {
        headers: { prefer: 'wait=ages, return=minimal' },
      });
      expect([answer.status, answer.headers.get('preference-applied')]).toEqual([201, null]);
    });
  });
});
