import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer, type Call } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { aTeam, type Person } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Cluster {
  id: string;
  name: string;
  state: string;
  access: string;
  capacity: { cpu: number; memoryMib: number; gpu: number };
  pendingCapacity: { cpu: number; memoryMib: number; gpu: number } | null;
  allocated: { cpu: number };
  queue: { queued: number; byPriority: { priority: number; queued: number }[] };
  isEmpty: boolean;
  policy: Readonly<Record<string, unknown>>;
}

interface AuditItem {
  readonly action: string;
  readonly target: { readonly id: string | null };
  readonly after: Readonly<Record<string, unknown>> | null;
}

interface ProblemBody {
  code: string;
  etag?: string;
  errors?: { pointer: string; code: string }[];
}

interface DocumentedRoute {
  parameters: { name: string }[];
  responses: Record<string, { headers?: object }>;
}

const DEFAULTS = {
  objective: 'successes',
  searchSteps: 10_000,
  reserveAfterSeconds: 600,
  reservationOrder: 'relative-wait',
  preemption: 'never',
  preemptAfterSeconds: 60,
  maxPreemptions: 3,
  stopGraceSeconds: 0,
  defaultPriority: 50,
  priorityLimitByRole: { developer: 100, admin: 100 },
  defaultMaxRuntimeSeconds: null,
  maxRuntimeSecondsLimitByRole: { developer: null, admin: null },
  preemptibleBelowPriority: null,
};

const send = <T>(by: Person, method: string, path: string, call: Call = {}): Promise<Answer<T>> =>
  by.client.send<T>(method, path, { token: by.token, ...call });

const edit = <T = Cluster>(cluster: TestCluster, body: unknown, ifMatch?: string): Promise<Answer<T>> =>
  send<T>(cluster.team.admin, 'PATCH', cluster.path, {
    body,
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }),
  });

const read = (cluster: TestCluster): Promise<Answer<Cluster>> => cluster.team.viewer.get<Cluster>(cluster.path);

const etagOf = async (cluster: TestCluster): Promise<string> => (await read(cluster)).headers.get('etag') ?? '';

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('clusters, edited', () => {
  it('shows the whole policy, with defaults for unset members', async () => {
    const created = await team.admin.post<Cluster>(`${team.path}/clusters`, {
      name: 'with-policy',
      capacity: { cpu: 1, memoryMib: 1 },
      policy: { reserveAfterSeconds: null },
    });
    expect(created.body).toMatchObject({ policy: { ...DEFAULTS, reserveAfterSeconds: null }, access: 'organization' });
    const path = `${team.path}/clusters/${created.body.id}`;
    const changed = await send<Cluster>(team.admin, 'PATCH', path, { body: { policy: { searchSteps: 7 } } });
    expect(changed.body.policy).toEqual({ ...DEFAULTS, reserveAfterSeconds: null, searchSteps: 7 });
    const back = await send<Cluster>(team.admin, 'PATCH', path, { body: { policy: { reserveAfterSeconds: 0 } } });
    expect(back.body.policy).toEqual({ ...DEFAULTS, reserveAfterSeconds: 0, searchSteps: 7 });
    expect((await team.viewer.get<Cluster>(path)).body.policy).toEqual(back.body.policy);
  });

  it('renames a cluster to a name that no other has, ignoring case and width', async () => {
    const taken = await TestCluster.create(team, { cpu: 1 }, 'Acme');
    const cluster = await TestCluster.create(team, { cpu: 1 }, 'other');
    for (const name of ['Acme', 'acme', 'ＡＣＭＥ']) {
      const refused = await edit<ProblemBody>(cluster, { name });
      expect([refused.status, refused.body.code]).toEqual([409, 'CLUSTERS.NAME_TAKEN']);
    }
    expect((await edit(taken, { name: 'ACME' })).body.name).toBe('ACME');
    expect((await edit(cluster, { name: 'third' })).body.name).toBe('third');
  });

  it('starts waiting deployments when a cluster grows', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2, memoryMib: 100, gpu: 3 });
    const ids = await cluster.submitBatch([
      { resources: { cpu: 2, memoryMib: 1 } },
      { resources: { cpu: 2, memoryMib: 1 } },
    ]);
    await eventually(cluster.read.bind(cluster), ({ queue, allocated }) => queue.queued === 1 && allocated.cpu === 2);
    const grown = await edit(cluster, { capacity: { cpu: 4 } });
    expect(grown.body.capacity).toEqual({ cpu: 4, memoryMib: 100, gpu: 3 });
    for (const id of ids) {
      await eventually(
        () => cluster.statusOf(id),
        (status) => status === 'scheduled',
      );
    }
  });

  it('refuses a capacity below what is allocated, with the numbers', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4, memoryMib: 100 });
    await cluster.submit({ resources: { cpu: 3, memoryMib: 10 } });
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 3);
    const refused = await edit<ProblemBody>(cluster, { capacity: { cpu: 1.5 } });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'CLUSTERS.CAPACITY_IN_USE',
      requested: { cpu: 1.5, memoryMib: 100, gpu: 0 },
      allocated: { cpu: 3, memoryMib: 10, gpu: 0 },
      exceeding: { cpu: 1.5, memoryMib: 0, gpu: 0 },
    });
    expect((await edit(cluster, { capacity: { cpu: 3 } })).body.capacity.cpu).toBe(3);
  });

  it('shrinks once the allocations fit, and starts no deployment until then', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4, memoryMib: 100 });
    const running = await cluster.submit({ resources: { cpu: 3, memoryMib: 1 } });
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 3);
    const shrunk = await edit(cluster, { capacity: { cpu: 2 }, whenFree: true });
    expect(shrunk.body).toMatchObject({
      capacity: { cpu: 4, memoryMib: 100, gpu: 0 },
      pendingCapacity: { cpu: 2, memoryMib: 100, gpu: 0 },
    });

    const small = await cluster.submit({ resources: { cpu: 1, memoryMib: 1 } });
    const memoryOnly = await cluster.submit({ resources: { cpu: 0, memoryMib: 1 } });
    const passes = (await cluster.passes()).length;
    await eventually(
      () => cluster.passes(),
      (all) => all.length > passes || all.some(({ waiting }) => waiting === 2),
    );
    expect(await cluster.statusOf(small)).toBe('queued');
    expect(await cluster.statusOf(memoryOnly)).toBe('queued');
    const tooLarge = await team.developer.post<ProblemBody>(`${cluster.path}/deployments`, {
      image: 'a/b:1',
      resources: { cpu: 3, memoryMib: 1 },
    });
    expect([tooLarge.status, tooLarge.body.code]).toEqual([422, 'DEPLOYMENTS.EXCEEDS_CAPACITY']);

    await cluster.complete(running);
    await eventually(
      () => cluster.statusOf(small),
      (status) => status === 'scheduled',
    );
    expect((await read(cluster)).body).toMatchObject({
      capacity: { cpu: 2, memoryMib: 100, gpu: 0 },
      pendingCapacity: null,
      allocated: { cpu: 1, memoryMib: 2, gpu: 0 },
    });

    // A pass applied it: the log names that pass.
    const { body } = await team.admin.get<{ items: AuditItem[] }>(`${team.path}/audit?limit=100`);
    const applied = body.items.filter(
      ({ action, target }) => action === 'cluster_capacity_apply' && target.id === cluster.id,
    );
    expect(applied).toMatchObject([
      {
        actor: { kind: 'system', name: 'scheduler' },
        before: { cpuMillis: 4_000, memoryMib: 100, gpuMillis: 0 },
        after: { cpuMillis: 2_000, memoryMib: 100, gpuMillis: 0 },
      },
    ]);
    const pass = await team.viewer.get(`${cluster.path}/passes/${String(applied[0]?.after?.['passId'])}`);
    expect(pass).toMatchObject({ status: 200, body: { released: 1 } });
  });

  it('drops a pending capacity when another one fits, and applies a fitting one at once', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4, memoryMib: 100 });
    await cluster.submit({ resources: { cpu: 3, memoryMib: 1 } });
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 3);
    await edit(cluster, { capacity: { cpu: 2 }, whenFree: true });
    const again = await edit(cluster, { capacity: { memoryMib: 50 }, whenFree: true });
    expect(again.body.pendingCapacity).toEqual({ cpu: 2, memoryMib: 50, gpu: 0 });
    expect((await edit(cluster, { name: 'still-pending' })).body.pendingCapacity).not.toBeNull();
    const grown = await edit(cluster, { capacity: { cpu: 5 } });
    expect(grown.body).toMatchObject({ capacity: { cpu: 5, memoryMib: 50 }, pendingCapacity: null });
    const fits = await edit(cluster, { capacity: { cpu: 3 }, whenFree: true });
    expect(fits.body).toMatchObject({ capacity: { cpu: 3, memoryMib: 50 }, pendingCapacity: null });
  });

  it('accepts one of twenty edits of the same version', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const etag = await etagOf(cluster);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => edit<ProblemBody>(cluster, { capacity: { cpu: i + 2 } }, etag)),
    );
    const stale = answers.filter(({ status }) => status === 412);
    expect([answers.filter(({ status }) => status === 200).length, stale.length]).toEqual([1, 19]);
    const present = await etagOf(cluster);
    expect(new Set(stale.map(({ body }) => `${body.code} ${String(body.etag)}`))).toEqual(
      new Set([`REQUEST.PRECONDITION_FAILED ${present}`]),
    );
  });

  it('returns a strong entity tag that only edits change', async () => {
    const cluster = await TestCluster.create(team, { cpu: 4 });
    const first = await etagOf(cluster);
    expect(first).toMatch(/^"\d+"$/);
    await cluster.submit();
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    expect(await etagOf(cluster)).toBe(first);
    const unchanged = await edit(cluster, { capacity: { cpu: 4 }, policy: {} }, first);
    expect([unchanged.status, unchanged.headers.get('etag')]).toEqual([200, first]);
    const changed = await edit(cluster, { capacity: { cpu: 5 } }, `"x", ${first}`);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(first);
    expect(await etagOf(cluster)).toBe(changed.headers.get('etag'));
    expect((await edit(cluster, { capacity: { cpu: 6 } }, first)).status).toBe(412);
    expect((await edit(cluster, { capacity: { cpu: 6 } }, `W/${await etagOf(cluster)}`)).status).toBe(412);
    expect((await edit(cluster, { capacity: { cpu: 6 } }, '*')).status).toBe(200);
    const garbage = await edit<ProblemBody>(cluster, { capacity: { cpu: 7 } }, 'garbage');
    expect([garbage.status, garbage.body.code]).toEqual([400, 'REQUEST.INVALID']);
  });

  it('documents entity tags in answers and in requests', async () => {
    const response = await fetch(`${stowage.client.url}/openapi.json`);
    const document = (await response.json()) as { paths: Record<string, Record<string, DocumentedRoute>> };
    const { get, patch } = document.paths['/v1/organizations/{organizationId}/clusters/{clusterId}'] ?? {};
    expect(get?.responses['200']?.headers).toHaveProperty('ETag');
    expect(patch?.responses['200']?.headers).toHaveProperty('ETag');
    expect(patch?.responses).toHaveProperty('412');
    expect(patch?.parameters.map(({ name }) => name)).toContain('If-Match');
    expect(get?.responses).not.toHaveProperty('412');
  });

  const capacity = { cpu: 1, memoryMib: 1, gpu: 0 };

  it.each([
    ['capacity of nothing', { capacity: { cpu: 0, memoryMib: 0, gpu: 0 } }, '#/capacity', 'empty'],
    ['negative capacity', { capacity: { ...capacity, cpu: -1 } }, '#/capacity/cpu', 'too-small'],
    ['capacity of 2^53', { capacity: { ...capacity, memoryMib: 2 ** 53 } }, '#/capacity/memoryMib', 'too-large'],
    ['fraction of a MiB', { capacity: { ...capacity, memoryMib: 1.5 } }, '#/capacity/memoryMib', 'type'],
    ['tenth of a millicore', { capacity: { ...capacity, cpu: 0.0001 } }, '#/capacity/cpu', 'too-many-decimals'],
    ['unknown resource', { capacity: { ...capacity, tpu: 1 } }, '#/capacity/tpu', 'unknown-field'],
    ['capacity that is text', { capacity: '8' }, '#/capacity', 'type'],
    ['null capacity', { capacity: null }, '#/capacity', 'type'],
    ['search without steps', { policy: { searchSteps: 0 } }, '#/policy/searchSteps', 'too-small'],
    ['search without end', { policy: { searchSteps: 10_001 } }, '#/policy/searchSteps', 'too-large'],
    ['null search', { policy: { searchSteps: null } }, '#/policy/searchSteps', 'type'],
    ['negative wait', { policy: { reserveAfterSeconds: -1 } }, '#/policy/reserveAfterSeconds', 'too-small'],
    ['unknown objective', { policy: { objective: 'profit' } }, '#/policy/objective', 'one-of'],
    ['order of nothing', { policy: { reservationOrder: 'size' } }, '#/policy/reservationOrder', 'one-of'],
    ['preemption of anybody', { policy: { preemption: 'always' } }, '#/policy/preemption', 'one-of'],
    ['run of minus one', { policy: { preemptAfterSeconds: -1 } }, '#/policy/preemptAfterSeconds', 'too-small'],
    ['cap of half', { policy: { maxPreemptions: 0.5 } }, '#/policy/maxPreemptions', 'type'],
    ['grace of a week', { policy: { stopGraceSeconds: 604_800 } }, '#/policy/stopGraceSeconds', 'too-large'],
    [
      'priority of 101',
      { policy: { preemptibleBelowPriority: 101 } },
      '#/policy/preemptibleBelowPriority',
      'too-large',
    ],
    ['unknown policy', { policy: { preempt: true } }, '#/policy/preempt', 'unknown-field'],
    ['unknown access', { access: 'public' }, '#/access', 'one-of'],
    ['empty name', { name: '' }, '#/name', 'too-short'],
  ])('refuses a %s, new and edited', async (_, body, pointer, code) => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const etag = await etagOf(cluster);
    const edited = await edit<ProblemBody>(cluster, body);
    const created = await team.admin.post<ProblemBody>(`${team.path}/clusters`, { name: newId(), capacity, ...body });
    for (const refused of [edited, created]) {
      expect(refused.status).toBe(400);
      expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer, code }));
    }
    expect(await etagOf(cluster)).toBe(etag);
  });

  it.each([
    [{ whenFree: true }, '#/whenFree', 'needs-capacity'],
    [{ capacity: {} }, '#/capacity', 'empty'],
    [{ capacity: { cpu: 1 }, whenFree: 'yes' }, '#/whenFree', 'type'],
    [{ state: 'draining' }, '#/state', 'not-editable'],
  ])('refuses the edit %j', async (body, pointer, code) => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const refused = await edit<ProblemBody>(cluster, body);
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toContainEqual(expect.objectContaining({ pointer, code }));
  });

  it('lets only admins change a cluster', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const userId = team.viewer.id;
    const routes = [
      ['PATCH', cluster.path, {}],
      ['DELETE', cluster.path, undefined],
      ['POST', `${cluster.path}/drain`, undefined],
      ['PUT', `${cluster.path}/access/${userId}`, undefined],
      ['DELETE', `${cluster.path}/access/${userId}`, undefined],
    ] as const;
    const outsider = (await aTeam(stowage.client, 'Elsewhere')).admin;
    for (const [method, path, body] of routes) {
      for (const person of [team.viewer, team.developer]) {
        const answer = await send<ProblemBody>(person, method, path, { body });
        expect([method, path, answer.status, answer.body.code]).toEqual([method, path, 403, 'RBAC.ROLE_TOO_LOW']);
      }
      expect((await send(outsider, method, path, { body })).status).toBe(404);
      const missing = await send<ProblemBody>(team.admin, method, path.replace(cluster.id, newId()), { body });
      expect([method, missing.status, missing.body.code]).toEqual([method, 404, 'CLUSTERS.NOT_FOUND']);
    }
  });

  it('returns how many deployments wait at each priority', async () => {
    const cluster = await TestCluster.create(team, { cpu: 8 });
    await cluster.cordon();
    expect((await read(cluster)).body.queue).toEqual({ queued: 0, retrying: 0, byPriority: [] });
    const ids = await cluster.submitBatch([
      { priority: 10 },
      { priority: 90 },
      { priority: 90, resources: { cpu: 2, memoryMib: 1 } },
      {},
    ]);
    const expected = {
      queued: 4,
      retrying: 0,
      byPriority: [90, 50, 10].map((priority) => ({ priority, queued: priority === 90 ? 2 : 1 })),
    };
    expect((await read(cluster)).body.queue).toEqual(expected);
    await cluster.cancel(ids[0] ?? '');
    expect((await read(cluster)).body.queue.byPriority.map(({ priority }) => priority)).toEqual([90, 50]);
  });
});
