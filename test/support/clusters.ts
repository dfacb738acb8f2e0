import { type Answer } from './api-client.js';
import { type Person, type Team } from './people.js';

/** Resources as the API writes them. */
export interface Resources {
  readonly cpu: number;
  readonly memoryMib: number;
  readonly gpu: number;
}

/** A cluster as the API shows it. */
export interface ClusterBody {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly capacity: Resources;
  readonly allocated: Resources;
  readonly available: Resources;
  readonly queue: { readonly queued: number };
}

/** A deployment as the API shows it. */
export interface DeploymentBody {
  readonly id: string;
  readonly clusterId: string;
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly priority: number;
  readonly resources: Resources;
  readonly queuedAt: string;
  readonly scheduledAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly releasedAt: string | null;
  readonly message: string | null;
  readonly submittedBy: string;
}

/** The record of a pass as the API shows it. */
export interface PassBody {
  readonly id: string;
  readonly triggers: string[];
  readonly waiting: number;
  readonly placed: number;
  readonly released: number;
  readonly timedOut: number;
  readonly preempted: number;
  readonly isPartial: boolean;
  readonly certificate: { readonly optimal: boolean };
}

/** A request body for one deployment; what is left out is small and valid. */
export function aDeployment(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { image: 'registry.example.com/app:1', resources: { cpu: 1, memoryMib: 1, gpu: 0 }, ...fields };
}

/** A request for GPUs, and next to nothing else. */
export function gpus(gpu: number): Record<string, unknown> {
  return { cpu: 0, memoryMib: 1, gpu };
}

let count = 0;

/** A cluster of a team, and what is mostly done with it. */
export class TestCluster {
  private constructor(
    readonly team: Team,
    readonly id: string,
    /** `/v1/organizations/{id}/clusters/{id}` */
    readonly path: string,
  ) {}

  /** Made by the team's admin. */
  static async create(team: Team, capacity: Partial<Resources>, name = `pool-${(count += 1)}`): Promise<TestCluster> {
    const answer = await team.admin.post<ClusterBody>(`${team.path}/clusters`, {
      name,
      capacity: { cpu: 0, memoryMib: 1_000_000, gpu: 0, ...capacity },
    });
    if (answer.status !== 201) throw new Error(`creating a cluster was answered by ${answer.status}: ${answer.text}`);
    return new TestCluster(team, answer.body.id, `${team.path}/clusters/${answer.body.id}`);
  }

  async read(): Promise<ClusterBody> {
    return (await this.team.viewer.get<ClusterBody>(this.path)).body;
  }

  async cordon(): Promise<void> {
    await this.team.admin.post(`${this.path}/cordon`);
  }

  async uncordon(): Promise<void> {
    await this.team.admin.post(`${this.path}/uncordon`);
  }

  /** Submits one deployment. @returns its id */
  async submit(fields: Readonly<Record<string, unknown>> = {}, by: Person = this.team.developer): Promise<string> {
    const answer = await by.post<DeploymentBody>(`${this.path}/deployments`, aDeployment(fields));
    if (answer.status !== 201) throw new Error(`submitting was answered by ${answer.status}: ${answer.text}`);
    return answer.body.id;
  }

  /** Submits many at once. @returns their ids */
  async submitBatch(deployments: readonly Readonly<Record<string, unknown>>[]): Promise<string[]> {
    const answer = await this.team.developer.post<{ results: { id: string }[] }>(`${this.path}/deployments/batch`, {
      deployments: deployments.map(aDeployment),
    });
    if (answer.status !== 201) throw new Error(`submitting was answered by ${answer.status}: ${answer.text}`);
    return answer.body.results.map(({ id }) => id);
  }

  async deployment(id: string): Promise<DeploymentBody> {
    return (await this.team.viewer.get<DeploymentBody>(this.deploymentPath(id))).body;
  }

  async statusOf(id: string): Promise<string> {
    return (await this.deployment(id)).status;
  }

  /** `/v1/organizations/{id}/deployments/{id}` */
  deploymentPath(id: string): string {
    return `${this.team.path}/deployments/${id}`;
  }

  /** Reports that one deployment succeeded. */
  async complete(id: string): Promise<Answer<DeploymentBody>> {
    return this.team.admin.post<DeploymentBody>(`${this.deploymentPath(id)}/complete`, { outcome: 'succeeded' });
  }

  /** Reports that one deployment has started. */
  async start(id: string): Promise<Answer<DeploymentBody>> {
    return this.team.admin.post<DeploymentBody>(`${this.deploymentPath(id)}/start`);
  }

  async cancel(id: string): Promise<Answer<DeploymentBody>> {
    return this.team.admin.post<DeploymentBody>(`${this.deploymentPath(id)}/cancel`);
  }

  /** The passes on it, oldest first; at most a hundred. */
  async passes(): Promise<PassBody[]> {
    return (await this.team.viewer.get<{ items: PassBody[] }>(`${this.path}/passes?limit=100`)).body.items.toReversed();
  }
}

/** Runs `work` on each item, at most `limit` at a time. */
export async function atMost<T, R>(limit: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const runner = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, runner));
  return results;
}
