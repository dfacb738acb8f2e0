import { beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { aDeployment, type DeploymentBody, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aPerson, aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Item {
  index: number;
  id?: string;
  problem?: { code: string; status: number; requestId: string; attempt?: number };
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a deployment', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await TestCluster.create(team, { cpu: 500, gpu: 8 });
  });

  const scheduled = async (fields: Readonly<Record<string, unknown>> = {}, where = cluster): Promise<string> => {
    const id = await where.submit(fields);
    await eventually(
      () => where.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    return id;
  };

  /** One that waits, because its cluster starts nothing. */
  const queued = async (): Promise<string> => {
    const cordoned = await TestCluster.create(await aTeam(stowage.client), { cpu: 1 });
    await cordoned.cordon();
    return cordoned.submit();
  };

  const act = (id: string, action: string, body?: unknown): Promise<Answer<DeploymentBody & { code?: string }>> =>
    team.developer.post(`${cluster.deploymentPath(id)}/${action}`, body);

  const eventsOf = (id: string): Promise<string[]> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ event: string }>(
        `select to_status || ' ' || cause as event from deployment_events where deployment_id = $1 order by sequence`,
        [id],
      );
      return rows.map(({ event }) => event);
    });

  it('queues a deployment with its fields, and defaults for the others', async () => {
    const answer = await team.developer.post<DeploymentBody>(`${cluster.path}/deployments`, {
      image: 'registry.example.com/vision/train:2.1',
      resources: { cpu: 2.5, memoryMib: 16 },
    });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        clusterId: cluster.id,
        resources: { cpu: 2.5, memoryMib: 16, gpu: 0 },
        priority: 50,
        maxRuntimeSeconds: null,
        status: 'queued',
        attempt: 1,
        scheduledAt: null,
        startedAt: null,
        endedAt: null,
        releasedAt: null,
        message: null,
        submittedBy: team.developer.id,
      },
    });
    expect(answer.body.name).toMatch(/^train~[0-9a-z]{12}$/);
    expect(answer.body.queuedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(await cluster.deployment(answer.body.id)).toMatchObject({
      name: answer.body.name,
      queuedAt: answer.body.queuedAt,
    });
  });

  it('keeps every digit of a request, and the name as written', async () => {
    const raw =
      '{"name":"  Cafe\\u0301 ☕ ","image":"app","resources":{"cpu":0.001,"memoryMib":1.0,"gpu":-0},"priority":0}';
    const answer = await team.developer.post<DeploymentBody>(`${cluster.path}/deployments`, undefined, {
      rawBody: raw,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer).toMatchObject({ status: 201, body: { name: 'Café ☕', priority: 0 } });
    expect(JSON.stringify(answer.body.resources)).toBe('{"cpu":0.001,"memoryMib":1,"gpu":0}');
    for (const cpu of [0.1, 0.2, 0.3, 1.005, 2.675, 64.999, 499.999]) {
      const { body } = await team.developer.post<DeploymentBody>(
        `${cluster.path}/deployments`,
        aDeployment({ resources: { cpu, memoryMib: 0 } }),
      );
      expect(body.resources.cpu).toBe(cpu);
      await cluster.cancel(body.id);
    }
  });

  it('accepts every reference that the distribution specification permits', async () => {
    const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const images = [
      'a',
      'app:v1.2.3-rc_1',
      'library/app',
      'a/b/c/d/e',
      'a__b.c-d--e',
      'localhost/app',
      'localhost:5000/app',
      'registry.example.com:443/team/app:latest',
      'REGISTRY.example.com/app',
      '127.0.0.1:5000/app',
      '[2001:db8::1]:5000/app:tag',
      `app@${sha256}`,
      `registry.example.com/app:tag@${sha256}`,
      `app@sha512:${'a'.repeat(128)}`,
      `app:${'t'.repeat(128)}`,
    ];
    const ids = await cluster.submitBatch(images.map((image) => ({ image })));
    const shown = await Promise.all(ids.map((id) => team.viewer.get<{ image: string }>(cluster.deploymentPath(id))));
    expect(shown.map(({ body }) => body.image)).toEqual(images);
  });

  it('passes through start and end, and ignores repeated reports', async () => {
    const id = await scheduled();
    const started = await act(id, 'start', { attempt: 1 });
    expect(started).toMatchObject({ status: 200, body: { status: 'running', startedAt: expect.any(String) } });
    expect((await act(id, 'start', {})).body).toEqual(started.body);

    const message = `<script>alert(1)</script>\n'; DROP TABLE users;-- ☠`;
    const ended = await act(id, 'complete', { outcome: 'failed', attempt: 1, message });
    expect(ended).toMatchObject({ status: 200, body: { status: 'failed', message, endedAt: expect.any(String) } });
    const settled = await eventually(
      () => cluster.deployment(id),
      ({ releasedAt }) => releasedAt !== null,
    );
    const again = await act(id, 'complete', { outcome: 'failed', message: 'another' });
    expect(again).toMatchObject({ status: 200, body: settled });
    expect(await eventsOf(id)).toEqual(['queued submitted', 'scheduled placed', 'running started', 'failed reported']);
  });

  it('ends once: another outcome, a cancel or a start afterwards is refused', async () => {
    const id = await scheduled();
    await act(id, 'complete', { outcome: 'succeeded' });
    for (const [action, body] of [
      ['complete', { outcome: 'failed' }],
      ['cancel', undefined],
      ['start', {}],
    ] as const) {
      const answer = await act(id, action, body);
      expect(answer).toMatchObject({
        status: 409,
        body: {
          code: 'DEPLOYMENTS.INVALID_STATE',
          detail: 'The deployment is succeeded, in attempt 1.',
          attempt: 1,
        },
      });
    }
    expect(await eventsOf(id)).toHaveLength(3);
  });

  it('cancels a deployment in any status, once', async () => {
    const running = await scheduled();
    await act(running, 'start', {});
    for (const id of [await scheduled(), running]) {
      const cancelled = await act(id, 'cancel');
      expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } });
      await eventually(
        () => cluster.deployment(id),
        ({ releasedAt }) => releasedAt !== null,
      );
      expect(await act(id, 'cancel', {})).toMatchObject({
        status: 200,
        body: { status: 'cancelled', endedAt: cancelled.body.endedAt },
      });
      expect((await act(id, 'complete', { outcome: 'succeeded' })).body.code).toBe('DEPLOYMENTS.INVALID_STATE');
      expect((await eventsOf(id)).filter((event) => event === 'cancelled cancelled')).toHaveLength(1);
    }
  });

  it('refuses start and completion of a queued deployment, and permits its cancellation', async () => {
    const full = await TestCluster.create(team, { cpu: 1 });
    await full.cordon();
    const id = await full.submit();
    expect((await act(id, 'start', {})).body.code).toBe('DEPLOYMENTS.INVALID_STATE');
    expect((await act(id, 'complete', { outcome: 'succeeded' })).body.code).toBe('DEPLOYMENTS.INVALID_STATE');
    const { body } = await act(id, 'cancel');
    expect(body).toMatchObject({ status: 'cancelled', releasedAt: body.endedAt, scheduledAt: null });
    expect(await eventsOf(id)).toEqual(['queued submitted', 'cancelled cancelled']);
    await eventually(full.read.bind(full), ({ queue }) => queue.queued === 0);
  });

  it('refuses a report of another attempt, and names the present one', async () => {
    const id = await scheduled();
    for (const [action, body] of [
      ['start', { attempt: 2 }],
      ['complete', { outcome: 'succeeded', attempt: 2 }],
    ] as const) {
      expect(await act(id, action, body)).toMatchObject({
        status: 409,
        body: {
          code: 'DEPLOYMENTS.STALE_ATTEMPT',
          detail: 'The deployment is scheduled, in attempt 1.',
          attempt: 1,
        },
      });
    }
    expect((await cluster.deployment(id)).status).toBe('scheduled');
    await act(id, 'complete', { outcome: 'succeeded', attempt: 1 });
    expect((await act(id, 'complete', { outcome: 'succeeded', attempt: 2 })).body.code).toBe(
      'DEPLOYMENTS.STALE_ATTEMPT',
    );
  });

  it('has one end when fifty contradicting reports and cancels come at once', async () => {
    for (let round = 0; round < 3; round++) {
      const id = await scheduled();
      const asks = ['succeeded', 'failed', 'cancelled'] as const;
      const answers = await Promise.all(
        Array.from({ length: 51 }, async (_, index) => {
          const ask = asks[index % 3] ?? 'failed';
          // A request that waits too long for the deployment's row is answered 503, and is repeated.
          const answer = await eventually(
            () => (ask === 'cancelled' ? act(id, 'cancel') : act(id, 'complete', { outcome: ask })),
            ({ status }) => status !== 503,
          );
          return { ask, status: answer.status };
        }),
      );
      const { status: end } = await cluster.deployment(id);
      expect(answers.map(({ ask, status }) => [ask, status])).toEqual(
        answers.map(({ ask }) => [ask, ask === end ? 200 : 409]),
      );
      expect(await eventsOf(id)).toHaveLength(3);
    }
  });

  it('answers each report of a batch independently, in order', async () => {
    const other = await TestCluster.create(team, { cpu: 2 });
    const member = await aPerson(stowage.client);
    const invite = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'developer' });
    await member.post('/v1/organizations/join', { code: invite.body.code });
    const theirs = await cluster.submit({}, member);
    const [mine, twice, contradicted, ended] = [
      await scheduled(),
      await scheduled(),
      await scheduled(),
      await scheduled(),
    ];
    const elsewhere = await scheduled({}, other);
    await act(ended, 'complete', { outcome: 'failed' });
    await eventually(
      () => cluster.deployment(theirs),
      ({ status }) => status === 'scheduled',
    );
    const waiting = await queued();
    const reports: [id: string, outcome: string, attempt: number | undefined, expected: string][] = [
      [mine, 'succeeded', 1, 'accepted'],
      [newId(), 'succeeded', undefined, '404 DEPLOYMENTS.NOT_FOUND'],
      [twice, 'failed', undefined, 'accepted'],
      [twice, 'failed', undefined, 'accepted'],
      [contradicted, 'failed', undefined, 'accepted'],
      [contradicted, 'succeeded', undefined, '409 DEPLOYMENTS.INVALID_STATE'],
      [ended, 'failed', undefined, 'accepted'],
      [ended, 'succeeded', undefined, '409 DEPLOYMENTS.INVALID_STATE'],
      [mine, 'succeeded', 7, '409 DEPLOYMENTS.STALE_ATTEMPT'],
      [theirs, 'succeeded', undefined, '403 RBAC.NOT_OWNER'],
      [elsewhere, 'succeeded', undefined, '404 DEPLOYMENTS.NOT_FOUND'],
      [waiting, 'succeeded', undefined, '404 DEPLOYMENTS.NOT_FOUND'],
      [mine.toUpperCase(), 'succeeded', undefined, 'accepted'],
    ];
    const answer = await team.developer.post<{ results: Item[] }>(`${cluster.path}/deployments/complete`, {
      reports: reports.map(([id, outcome, attempt]) => ({
        id,
        outcome,
        ...(attempt === undefined ? {} : { attempt }),
      })),
    });
    expect(answer.status).toBe(200);
    const { results } = answer.body;
    const heard = results.map(({ problem }) =>
      problem === undefined ? 'accepted' : `${problem.status} ${problem.code}`,
    );
    expect(heard).toEqual(reports.map(([, , , expected]) => expected));
    expect(results.map(({ index }) => index)).toEqual(reports.map((_, index) => index));
    expect(results.filter(({ id }) => id !== undefined).map(({ id }) => id)).toEqual(
      reports.filter(([, , , expected]) => expected === 'accepted').map(([id]) => id.toLowerCase()),
    );
    const requestId = answer.headers.get('x-request-id');
    expect(new Set(results.flatMap(({ problem }) => problem?.requestId ?? []))).toEqual(new Set([requestId]));
    expect((await cluster.deployment(theirs)).status).toBe('scheduled');
    expect((await other.deployment(elsewhere)).status).toBe('scheduled');
    expect((await cluster.deployment(contradicted)).status).toBe('failed');
  });

  it('queues a batch of any size in its order, or nothing', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `item-${index}`);
    const ids = await cluster.submitBatch(names.map((name) => ({ name, resources: { cpu: 0.001, memoryMib: 1 } })));
    const stored = await withClient(
      stowage.database.url,
      async (client) =>
        (
          await client.query<{ name: string }>(
            `select name from unnest($1::uuid[]) with ordinality i (id, at) join deployments using (id) order by at`,
            [ids],
          )
        ).rows,
    );
    expect(stored.map(({ name }) => name)).toEqual(names);
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 0);
    await team.developer.post(`${cluster.path}/deployments/complete`, {
      reports: ids.map((id) => ({ id, outcome: 'succeeded' })),
    });
    await eventually(
      () => cluster.deployment(ids[999] ?? ''),
      ({ releasedAt }) => releasedAt !== null,
    );
  });
});
