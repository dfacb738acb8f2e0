import { type Answer } from '../support/api-client.js';
import {
  aDeployment,
  type ClusterBody,
  type DeploymentBody,
  type Resources,
  type TestCluster,
} from '../support/clusters.js';
import { type Operation, OPERATIONS } from './steps.js';

/** How often each operation succeeded, and how often it was refused. */
export type Tally = Record<Operation, { done: number; refused: number }>;

function emptyTally(): Tally {
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, { done: 0, refused: 0 }])) as Tally;
}

/** The sums of what several models counted. */
export function talliesOf(models: readonly Model[]): Tally {
  const sum = emptyTally();
  for (const { tally } of models) {
    for (const operation of OPERATIONS) {
      sum[operation].done += tally[operation].done;
      sum[operation].refused += tally[operation].refused;
    }
  }
  return sum;
}

/** What the answers promised of a deployment. */
interface Promised {
  readonly cluster: TestCluster;
  /** The outcome of the first answer that named one. */
  outcome: string | null;
}

/** Final refusals, and temporary ones: on a busy machine, endless passes on a cluster keep requests waiting for its row. */
const REFUSALS = [409, 412, 422, 503];

/** How often a request is repeated after a temporary refusal; scenarios rely on it. */
const TURNS = 10;

/** The end of a stopping deployment, whatever is reported of it. */
const STOPPED = ['cancelled', 'timed_out'];

/** Statuses before the end: the model promises nothing of them yet. */
const OPEN = ['retrying', 'stopping'];

/** Performs the operations of a client, and remembers what the answers promised: the final state has to agree with it. */
export class Model {
  readonly promises = new Map<string, Promised>();
  /** Ids in the order of the answers. */
  readonly known: string[] = [];
  /** Outcomes of operations: done, or refused in a way that the API documents. */
  readonly tally = emptyTally();
  /** Ids of clusters with a grace period. */
  private readonly granting = new Set<string>();

  /** Gives a cluster a grace period. */
  async grant(cluster: TestCluster, stopGraceSeconds: number): Promise<void> {
    const { status } = await cluster.team.admin.patch(cluster.path, { policy: { stopGraceSeconds } });
    if (status !== 200) throw new Error(`a policy was answered by ${status}`);
    this.granting.add(cluster.id);
  }

  /** Switches preemption on in a cluster, with a limit for each deployment. */
  async letPreempt(cluster: TestCluster, maxPreemptions: number): Promise<void> {
    const policy = { preemption: 'lower-priority', preemptAfterSeconds: 0, maxPreemptions };
    const { status } = await cluster.team.admin.patch(cluster.path, { policy });
    if (status !== 200) throw new Error(`a policy was answered by ${status}`);
  }

  async submit(cluster: TestCluster, request: Readonly<Record<string, unknown>>): Promise<Answer<DeploymentBody>> {
    const { developer } = cluster.team;
    const answer = await developer.post<DeploymentBody>(`${cluster.path}/deployments`, aDeployment(request));
    if (answer.status === 201) this.remember(cluster, answer.body.id);
    return this.count('submit', answer);
  }

  async submitMany(
    cluster: TestCluster,
    requests: readonly Readonly<Record<string, unknown>>[],
  ): Promise<Answer<{ results: { id?: string }[] }>> {
    const answer = await cluster.team.developer.post<{ results: { id?: string }[] }>(
      `${cluster.path}/deployments/batch`,
      { deployments: requests.map(aDeployment) },
    );
    if (answer.status === 201) answer.body.results.forEach(({ id }) => id !== undefined && this.remember(cluster, id));
    return this.count('submit-many', answer);
  }

  async start(id: string): Promise<Answer<DeploymentBody>> {
    return this.count('start', await this.post(id, 'start', {}));
  }

  async complete(id: string, attempt = 1): Promise<Answer<DeploymentBody>> {
    const answer = await this.post(id, 'complete', { outcome: 'succeeded', attempt });
    return this.count('complete', this.told(id, answer, this.endsOf(id, 'succeeded')));
  }

  /** A failed deployment may be retried: then nothing is promised yet. */
  async fail(id: string, attempt = 1): Promise<Answer<DeploymentBody>> {
    const answer = await this.post(id, 'complete', { outcome: 'failed', attempt });
    const isOver = !OPEN.includes(answer.body.status);
    return this.count('fail', isOver ? this.told(id, answer, this.endsOf(id, 'failed')) : answer);
  }

  /** Reports an attempt that never existed. */
  async reportStale(id: string): Promise<Answer<DeploymentBody>> {
    return this.count('report-stale', await this.post(id, 'complete', { outcome: 'failed', attempt: 7_000 }));
  }

  /** A stopping deployment is promised to end as cancelled, whatever happens until then. */
  async cancel(id: string): Promise<Answer<DeploymentBody>> {
    const answer = await this.post(id, 'cancel');
    if (answer.status !== 200 || answer.body.status !== 'stopping') {
      return this.count('cancel', this.told(id, answer, ['cancelled']));
    }
    if (!this.granting.has(answer.body.clusterId)) throw new Error(`${id} stops, where no time is granted`);
    this.keep(id, 'cancelled');
    return this.count('cancel', answer);
  }

  async reprioritize(id: string, priority: number): Promise<Answer<DeploymentBody>> {
    const cluster = this.clusterOf(id);
    const answer = await cluster.team.admin.patch<DeploymentBody>(cluster.deploymentPath(id), { priority });
    return this.count('reprioritize', answer);
  }

  /** Renames a cluster, unless it has changed since `version` of it was read. */
  async edit(cluster: TestCluster, version: string): Promise<Answer<ClusterBody>> {
    const name = `renamed-${cluster.id.slice(-12)}-${this.tally.edit.done}`;
    const headers = { 'if-match': version };
    return this.count('edit', await cluster.team.admin.patch<ClusterBody>(cluster.path, { name }, { headers }));
  }

  async resize(
    operation: 'grow' | 'shrink' | 'shrink-when-free',
    cluster: TestCluster,
    capacity: Resources,
  ): Promise<Answer<ClusterBody>> {
    const whenFree = operation === 'shrink-when-free' ? { whenFree: true } : {};
    return this.count(operation, await cluster.team.admin.patch<ClusterBody>(cluster.path, { capacity, ...whenFree }));
  }

  async turn(operation: 'cordon' | 'uncordon' | 'drain', cluster: TestCluster): Promise<Answer<ClusterBody>> {
    for (let left = TURNS; ; left--) {
      const answer = await cluster.team.admin.post<ClusterBody>(`${cluster.path}/${operation}`);
      if (answer.status !== 503 || left === 0) return this.count(operation, answer);
    }
  }

  /** Reports that many of one cluster have succeeded, without counting it as an operation. Of what may stop meanwhile, the answer does not tell what it is. */
  async completeAll(ids: readonly string[]): Promise<void> {
    const cluster = this.clusterOf(ids[0] ?? '');
    const reports = ids.map((id) => ({ id, outcome: 'succeeded' }));
    const answer = await cluster.team.admin.post<{ results: { id?: string }[] }>(
      `${cluster.path}/deployments/complete`,
      { reports },
    );
    if (answer.status !== 200) throw new Error(`reports were answered by ${answer.status}: ${answer.text}`);
    if (this.granting.has(cluster.id)) return;
    for (const { id } of answer.body.results) if (id !== undefined) this.keep(id, 'succeeded');
  }

  private async post(id: string, action: string, body?: unknown): Promise<Answer<DeploymentBody>> {
    const cluster = this.clusterOf(id);
    return cluster.team.admin.post<DeploymentBody>(`${cluster.deploymentPath(id)}/${action}`, body);
  }

  private clusterOf(id: string): TestCluster {
    const cluster = this.promises.get(id)?.cluster;
    if (cluster === undefined) throw new RangeError(`no answer has named ${id}`);
    return cluster;
  }

  private remember(cluster: TestCluster, id: string): void {
    this.promises.set(id, { cluster, outcome: null });
    this.known.push(id);
  }

  /** The statuses that a report can lead to. */
  private endsOf(id: string, outcome: string): readonly string[] {
    return this.granting.has(this.clusterOf(id).id) ? [outcome, ...STOPPED] : [outcome];
  }

  private told(id: string, answer: Answer<DeploymentBody>, outcomes: readonly string[]): Answer<DeploymentBody> {
    if (answer.status !== 200) return answer;
    const { status } = answer.body;
    if (!outcomes.includes(status)) throw new Error(`${id} was to be ${outcomes.join(' or ')}, and is ${status}`);
    this.keep(id, status);
    return answer;
  }

  private keep(id: string, outcome: string): void {
    const promised = this.promises.get(id);
    if (promised === undefined) throw new RangeError(`no answer has named ${id}`);
    if (promised.outcome !== null && promised.outcome !== outcome) {
      throw new Error(`${id} was ${promised.outcome}, and is ${outcome}`);
    }
    promised.outcome = outcome;
  }

  /** @throws Error for an answer that no rule explains */
  private count<T>(operation: Operation, answer: Answer<T>): Answer<T> {
    if (answer.status === 200 || answer.status === 201) this.tally[operation].done += 1;
    else if (REFUSALS.includes(answer.status)) this.tally[operation].refused += 1;
    else throw new Error(`${operation} was answered by ${answer.status}: ${answer.text}`);
    return answer;
  }
}
