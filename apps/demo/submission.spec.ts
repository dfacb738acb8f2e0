import { afterEach, describe, expect, it } from '@jest/globals';

import { Connection } from './connection.js';
import { type Person } from './people.js';
import { type Amounts, ResourceVector } from './resources.js';
import { runCluster } from './runtime.js';
import { Site } from './site.js';
import { submitAll } from './submission.js';
import { answer, type FakeService, fakeService } from './testing/fake-service.js';
import { aPerson } from './testing/person.js';
import { type Fate, type Task } from './workload.js';

const CLUSTER = {
  id: 'c',
  name: 'pool',
  capacity: { cpu: 2, memoryMib: 1024, gpu: 0 },
  allocated: { cpu: 0, memoryMib: 0, gpu: 0 },
  available: { cpu: 2, memoryMib: 1024, gpu: 0 },
  queue: { queued: 0 },
};
const REQUEST: Amounts = { cpuMillis: 1_000, memoryMib: 512, gpuMillis: 0 };

const aTask = (name: string, fate: Fate = 'succeeded'): Task => ({
  order: { name, request: ResourceVector.of(REQUEST), priority: 1 },
  fate,
  pace: 1,
});

const CONFLICT = { code: 'DEPLOYMENTS.INVALID_STATE', detail: 'It has ended.', status: 409 };

interface Row {
  readonly id: string;
  status: string;
}

/** A service with one cluster that has room for two deployments. */
class TinyService {
  connection = new Connection('http://nowhere', () => undefined);
  readonly rows: Row[] = [];
  private readonly answers = new Map<string, unknown>();
  readonly requests: string[] = [];
  losesAnswers = 0;
  private service: FakeService | undefined;

  async start(): Promise<Person> {
    this.service = await fakeService((request, response, body) => {
      const name = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
      this.requests.push(name);
      const key = request.headers['idempotency-key'];
      const known = typeof key === 'string' ? this.answers.get(key) : undefined;
      const result = known ?? this.serve(name, request.url ?? '', body);
      if (typeof key === 'string') this.answers.set(key, result);
      if (request.method === 'POST' && this.losesAnswers-- > 0) response.destroy();
      else answer(response, result === undefined ? 409 : 200, result ?? CONFLICT);
    });
    this.connection = new Connection(this.service.url, () => undefined);
    return aPerson(this.connection.options);
  }

  async stop(): Promise<void> {
    await this.service?.close();
  }

  private serve(name: string, url: string, body: string): unknown {
    this.schedule();
    if (name === 'POST /v1/organizations/o/clusters/c/deployments/batch') return this.accept(body);
    if (name === 'POST /v1/organizations/o/clusters/c/deployments/complete') return this.complete(body);
    if (name === 'GET /v1/organizations/o/deployments') return this.list(url);
    if (name === 'GET /v1/organizations/o/clusters/c') return this.cluster();
    const id = /^POST \/v1\/organizations\/o\/deployments\/(.*)\/cancel$/.exec(name)?.[1];
    const row = this.rows.find((one) => one.id === id && ['queued', 'scheduled'].includes(one.status));
    return row === undefined ? undefined : Object.assign(row, { status: 'cancelled' });
  }

  private accept(body: string): unknown {
    const { deployments } = JSON.parse(body) as { deployments: { name: string }[] };
    this.rows.push(...deployments.map(({ name }) => ({ id: name, status: 'queued' })));
    return { results: deployments.map(({ name }, index) => ({ index, id: name })) };
  }

  private complete(body: string): unknown {
    const { reports } = JSON.parse(body) as { reports: { id: string; outcome: string }[] };
    for (const { id, outcome } of reports) {
      const row = this.rows.find((one) => one.id === id);
      if (row !== undefined) row.status = outcome;
    }
    return { results: reports.map(({ id }, index) => ({ index, id })) };
  }

  /** Newest first, two a page. */
  private list(url: string): unknown {
    const query = new URL(url, 'http://x').searchParams;
    const status = query.get('status');
    const rows = this.rows.filter((row) => status === null || row.status === status).reverse();
    const begin = Number(query.get('cursor') ?? 0);
    const items = rows.slice(begin, begin + 2).map(({ id }) => ({
      id,
      attempt: 1,
      submittedBy: 'ada',
      resources: { cpu: 1, memoryMib: 512, gpu: 0 },
    }));
    return { items, nextCursor: begin + 2 < rows.length ? String(begin + 2) : null };
  }

  private cluster(): unknown {
    const scheduled = this.rows.filter(({ status }) => status === 'scheduled').length;
    const queued = this.rows.filter(({ status }) => status === 'queued').length;
    const [allocated, available] = [scheduled, 2 - scheduled].map((n) => ({ cpu: n, memoryMib: 512 * n, gpu: 0 }));
    return { ...CLUSTER, allocated, available, queue: { queued } };
  }

  private schedule(): void {
    for (const row of this.rows) {
      const scheduled = this.rows.filter(({ status }) => status === 'scheduled').length;
      if (row.status === 'queued' && scheduled < 2) row.status = 'scheduled';
    }
  }
}

describe('submitAll and runCluster', () => {
  const service = new TinyService();
  const never = new AbortController().signal;

  const aSite = async (tasks: readonly Task[]): Promise<Site> => {
    const person = await service.start();
    const team = { admin: person, developer: person, viewer: person };
    return new Site('lab/pool', { organizationId: 'o', clusterId: 'c' }, CLUSTER, team, tasks);
  };

  afterEach(async () => {
    await service.stop();
    service.rows.length = 0;
    service.requests.length = 0;
  });

  it('ends every deployment by its fate, and leaves nothing behind', async () => {
    const site = await aSite([aTask('a'), aTask('b', 'failed'), aTask('c', 'cancelled'), aTask('d'), aTask('e')]);
    await Promise.all([submitAll(service.connection, site, never), runCluster(service.connection, site, 10, never)]);
    expect(service.rows.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'a succeeded',
      'b failed',
      'c cancelled',
      'd succeeded',
      'e succeeded',
    ]);
    expect(site.tally).toEqual({ succeeded: 3, failed: 1, cancelled: 1, otherwise: 0 });
    expect(site.isIdle && site.isFullyKnown).toBe(true);
    expect(site.faults).toEqual([]);
  });

  it('submits a batch once when only its answer was lost', async () => {
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => aTask(name));
    const site = await aSite(tasks);
    service.losesAnswers = 1;
    await submitAll(service.connection, site, never);
    expect(service.rows).toHaveLength(5);
    expect([...site.taskOf]).toEqual(tasks.map((task) => [task.order.name, task]));
  });

  it('reads lists only while there is something new to find', async () => {
    const site = await aSite([aTask('a'), aTask('b')]);
    await Promise.all([submitAll(service.connection, site, never), runCluster(service.connection, site, 500, never)]);
    const lists = service.requests.filter((request) => request === 'GET /v1/organizations/o/deployments').length;
    expect(lists).toBeLessThanOrEqual(3);
    expect(
      service.requests.filter((request) => request === 'GET /v1/organizations/o/clusters/c').length,
    ).toBeGreaterThan(3);
  });
});
