import { setTimeout as sleep } from 'node:timers/promises';

import { type Pool } from 'pg';

import { type TestCluster } from '../support/clusters.js';
import { type Random } from '../support/random.js';

/** The answers that clients of a cluster got while something broke. */
export interface Told {
  /** Ids of deployments whose submission was acknowledged. */
  readonly submitted: string[];
  /** Ids whose completion was acknowledged, with the outcome. */
  readonly completed: Map<string, string>;
  readonly cancelled: Set<string>;
  /** Answers of 500 and above, except 503 with Retry-After: there must be none. */
  readonly faults: string[];
  /** The longest that an answer took, in milliseconds. */
  slowestMs: number;
}

/** Clients submit no more while this many deployments are open: the test is about faults, not throughput. */
const MAX_OPEN = 400;

/**
 * Clients that submit, complete and cancel until `stop`. A request that fails may or may not have taken effect; one that is acknowledged has.
 */
export class Load {
  readonly told: Told = { submitted: [], completed: new Map(), cancelled: new Set(), faults: [], slowestMs: 0 };
  private isOver = false;
  private readonly running: Promise<unknown>;

  constructor(
    private readonly cluster: TestCluster,
    private readonly pool: Pool,
    private readonly random: Random,
    clients = 3,
  ) {
    this.running = Promise.all(Array.from({ length: clients }, () => this.run()));
  }

  async stop(): Promise<Told> {
    this.isOver = true;
    await this.running;
    return this.told;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      await this.submit();
      await this.complete();
      if (this.random.fraction() < 0.3) await this.cancel();
      await sleep(this.random.integer(20, 60));
    }
  }

  private async submit(): Promise<void> {
    if (this.told.submitted.length - this.told.completed.size - this.told.cancelled.size > MAX_OPEN) return;
    const deployments = Array.from({ length: this.random.integer(5, 30) }, () => ({
      image: 'app',
      priority: this.random.pick([10, 50, 90]),
      resources: { cpu: this.random.integer(1, 4), memoryMib: 1 },
    }));
    const body = await this.ask<{ results: { id: string }[] }>(`${this.cluster.path}/deployments/batch`, {
      deployments,
    });
    this.told.submitted.push(...(body?.results.map(({ id }) => id) ?? []));
  }

  /** Reports the ends of running deployments as a runtime does, some of them twice. */
  private async complete(): Promise<void> {
    const { rows } = await this.pool.query<{ id: string }>(
      `select id from deployments where cluster_id = $1 and status = 'scheduled' order by random() limit 25`,
      [this.cluster.id],
    );
    if (rows.length === 0) return;
    const reports = rows.map(({ id }) => ({ id, outcome: 'succeeded' }));
    for (let times = this.random.integer(1, 2); times > 0; times--) {
      const body = await this.ask<{ results: { id?: string }[] }>(`${this.cluster.path}/deployments/complete`, {
        reports,
      });
      for (const { id } of body?.results ?? []) if (id !== undefined) this.told.completed.set(id, 'succeeded');
    }
  }

  private async cancel(): Promise<void> {
    const [id] = this.random.shuffle(this.told.submitted.slice(-50));
    if (id === undefined) return;
    const body = await this.ask<{ status: string }>(`${this.cluster.deploymentPath(id)}/cancel`, {});
    if (body?.status === 'cancelled') this.told.cancelled.add(id);
  }

  private async ask<T>(path: string, body: unknown): Promise<T | undefined> {
    const beganMs = performance.now();
    const answer = await this.cluster.team.admin.post<T>(path, body);
    this.told.slowestMs = Math.max(this.told.slowestMs, Math.round(performance.now() - beganMs));
    if (answer.status < 300) return answer.body;
    const isTemporary = answer.status === 503 && answer.headers.has('retry-after');
    if (answer.status >= 500 && !isTemporary) this.told.faults.push(`${path}: ${answer.text}`);
    return undefined;
  }
}

/** Acknowledged deployments that are gone or still open, and ends that differ from the acknowledged outcome. */
export async function brokenPromises(pool: Pool, cluster: TestCluster, told: Told): Promise<unknown[]> {
  const { rows } = await pool.query<{ id: string; status: string }>(
    'select id, status from deployments where cluster_id = $1',
    [cluster.id],
  );
  const status = new Map(rows.map((row) => [row.id, row.status]));
  const terminal = new Set(['succeeded', 'cancelled']);
  return [
    ...told.submitted.filter((id) => !terminal.has(status.get(id) ?? '')).map((id) => ({ id, status: status.get(id) })),
    ...[...told.completed].filter(([id, outcome]) => status.get(id) !== outcome),
    ...[...told.cancelled].filter((id) => status.get(id) !== 'cancelled'),
  ];
}

/** Lets all remaining deployments start and end. */
export async function finish(pool: Pool, cluster: TestCluster, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await pool.query<{ id: string; status: string }>(
      `select id, status from deployments where cluster_id = $1 and (ended_at is null or released_at is null)`,
      [cluster.id],
    );
    if (rows.length === 0) return;
    if (performance.now() > deadline)
      throw new Error(`still open after ${timeoutMs} ms: ${rows.length} of ${cluster.id}`);
    const reports = rows.filter(({ status }) => status === 'scheduled').map(({ id }) => ({ id, outcome: 'succeeded' }));
    if (reports.length > 0) await cluster.team.admin.post(`${cluster.path}/deployments/complete`, { reports });
    await sleep(20);
  }
}
