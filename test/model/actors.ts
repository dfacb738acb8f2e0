import { type Answer } from '../support/api-client.js';
import { aDeployment, type ClusterBody, type DeploymentBody, type TestCluster } from '../support/clusters.js';
import { type Random } from '../support/random.js';

/** Everything that an actor may do. */
export const OPERATIONS = [
  'submit',
  'submit-many',
  'start',
  'complete',
  'fail',
  'report-stale',
  'cancel',
  'grow',
  'shrink',
  'shrink-when-free',
  'cordon',
  'uncordon',
  'drain',
] as const;

export type Operation = (typeof OPERATIONS)[number];

const WEIGHTS: Readonly<Record<Operation, number>> = {
  submit: 30,
  'submit-many': 3,
  start: 6,
  complete: 22,
  fail: 7,
  'report-stale': 3,
  cancel: 12,
  grow: 3,
  shrink: 2,
  'shrink-when-free': 1,
  cordon: 2,
  uncordon: 12,
  drain: 1,
};

const BAG = OPERATIONS.flatMap((operation) => Array<Operation>(WEIGHTS[operation]).fill(operation));

/** How an operation went: done, or refused in a way that the API documents. */
export type Tally = Record<Operation, { done: number; refused: number }>;

/** What was promised of a deployment. */
interface Promised {
  readonly cluster: TestCluster;
  /** The outcome that an answer told, once one did. */
  outcome: string | null;
}

/** Many people at work on a few clusters, who remember what they were told. */
export class Actors {
  readonly promises = new Map<string, Promised>();
  readonly tally = Object.fromEntries(OPERATIONS.map((operation) => [operation, { done: 0, refused: 0 }])) as Tally;
  private readonly live: string[] = [];

  constructor(
    private readonly random: Random,
    private readonly clusters: readonly [TestCluster, ...TestCluster[]],
  ) {}

  /** One random operation on a random cluster. @throws Error for an answer that no rule explains */
  async act(): Promise<void> {
    const operation = BAG[this.random.integer(0, BAG.length - 1)] ?? 'submit';
    const cluster = this.random.pick([...this.clusters]);
    const answer = await this.perform(operation, cluster);
    if (answer === null) return;
    if (answer.status === 200 || answer.status === 201) this.tally[operation].done += 1;
    else if (answer.status === 409 || answer.status === 422) this.tally[operation].refused += 1;
    else throw new Error(`${operation} was answered by ${answer.status}: ${answer.text}`);
  }

  private async perform(operation: Operation, cluster: TestCluster): Promise<Answer<unknown> | null> {
    switch (operation) {
      case 'submit':
        return this.submit(cluster);
      case 'submit-many':
        return this.submitMany(cluster);
      case 'start':
        return this.atWork(cluster, async (_, { team }, path) => team.admin.post(`${path}/start`, {}));
      case 'complete':
        return this.report(cluster, 'succeeded');
      case 'fail':
        return this.report(cluster, 'failed');
      case 'report-stale':
        return this.about(async (_, { team }, path) =>
          team.admin.post(`${path}/complete`, { outcome: 'failed', attempt: 7 }),
        );
      case 'cancel':
        return this.about(async (id, of) => this.told(id, await of.cancel(id), 'cancelled'));
      case 'grow':
      case 'shrink':
      case 'shrink-when-free':
        return this.resize(cluster, operation);
      case 'cordon':
      case 'uncordon':
      case 'drain':
        return cluster.team.admin.post(`${cluster.path}/${operation}`);
    }
  }

  private request(): Record<string, unknown> {
    const { random } = this;
    const resources = {
      cpu: random.integer(1, 8) / 2,
      memoryMib: random.integer(1, 64),
      gpu: random.integer(0, 2) / 2,
    };
    const maxRuntimeSeconds = random.fraction() < 0.15 ? { maxRuntimeSeconds: random.integer(1, 3) } : {};
    return aDeployment({ resources, priority: random.pick([10, 50, 90]), ...maxRuntimeSeconds });
  }

  private async submit(cluster: TestCluster): Promise<Answer<unknown>> {
    const answer = await cluster.team.developer.post<DeploymentBody>(`${cluster.path}/deployments`, this.request());
    if (answer.status === 201) this.remember(cluster, answer.body.id);
    return answer;
  }

  private async submitMany(cluster: TestCluster): Promise<Answer<unknown>> {
    const deployments = Array.from({ length: this.random.integer(2, 12) }, () => this.request());
    const answer = await cluster.team.developer.post<{ results: { id?: string }[] }>(
      `${cluster.path}/deployments/batch`,
      { deployments },
    );
    if (answer.status === 201) answer.body.results.forEach(({ id }) => id !== undefined && this.remember(cluster, id));
    return answer;
  }

  private remember(cluster: TestCluster, id: string): void {
    this.promises.set(id, { cluster, outcome: null });
    this.live.push(id);
  }

  private async report(cluster: TestCluster, outcome: 'succeeded' | 'failed'): Promise<Answer<unknown> | null> {
    return this.atWork(cluster, async (id, { team }, path) =>
      this.told(id, await team.admin.post<DeploymentBody>(`${path}/complete`, { outcome, attempt: 1 }), outcome),
    );
  }

  /** What has been told once must be told for ever. */
  private told(id: string, answer: Answer<DeploymentBody>, outcome: string): Answer<unknown> {
    const promised = this.promises.get(id);
    if (promised === undefined || answer.status !== 200) return answer;
    if (answer.body.status !== outcome) throw new Error(`${id} was to be ${outcome}, and is ${answer.body.status}`);
    if (promised.outcome !== null && promised.outcome !== outcome) {
      throw new Error(`${id} was ${promised.outcome}, and is ${outcome}`);
    }
    promised.outcome = outcome;
    return answer;
  }

  /** Something about a deployment: mostly one of the latest, sometimes one that has long ended. */
  private async about(
    work: (id: string, cluster: TestCluster, path: string) => Promise<Answer<unknown>>,
  ): Promise<Answer<unknown> | null> {
    const { live, random } = this;
    const from = random.fraction() < 0.8 ? Math.max(0, live.length - 60) : 0;
    const id = live[random.integer(from, live.length - 1)];
    const promised = id === undefined ? undefined : this.promises.get(id);
    if (id === undefined || promised === undefined) return null;
    return work(id, promised.cluster, promised.cluster.deploymentPath(id));
  }

  /** Something about a deployment that has resources just now, as a runtime would; sometimes about any. */
  private async atWork(
    cluster: TestCluster,
    work: (id: string, cluster: TestCluster, path: string) => Promise<Answer<unknown>>,
  ): Promise<Answer<unknown> | null> {
    if (this.random.fraction() < 0.2) return this.about(work);
    const { body } = await cluster.team.viewer.get<{ items: { id: string }[] }>(
      `${cluster.team.path}/deployments?clusterId=${cluster.id}&status=scheduled&limit=20`,
    );
    const id = body.items[this.random.integer(0, Math.max(0, body.items.length - 1))]?.id;
    return id === undefined || !this.promises.has(id) ? null : work(id, cluster, cluster.deploymentPath(id));
  }

  private async resize(
    cluster: TestCluster,
    operation: 'grow' | 'shrink' | 'shrink-when-free',
  ): Promise<Answer<unknown>> {
    const { random } = this;
    const [least, most] = operation === 'grow' ? [16, 40] : [2, 12];
    const capacity = {
      cpu: random.integer(least, most),
      memoryMib: 100 * random.integer(least, most),
      gpu: random.integer(2, 6),
    };
    const whenFree = operation === 'shrink-when-free' ? { whenFree: true } : {};
    return cluster.team.admin.patch<ClusterBody>(cluster.path, { capacity, ...whenFree });
  }
}
