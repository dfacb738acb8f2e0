import { ResourceVector } from '#kernel';

import { type ClusterAnswer, vectorOf } from './api-types.js';
import { type Person } from './person.js';
import { type Fate, type Task } from './workload.js';

/** A cluster as it was last seen. */
export interface ClusterView {
  readonly capacity: ResourceVector;
  readonly allocated: ResourceVector;
  readonly available: ResourceVector;
  readonly queued: number;
}

/** The people who have to do with a cluster. */
export interface Team {
  /** Reports ends, as runtimes do: the demo has no other principal that may report anybody's. */
  readonly admin: Person;
  /** Submits and cancels. */
  readonly developer: Person;
  /** Watches. */
  readonly viewer: Person;
}

/** How a deployment ended; `otherwise`: not as the demo wanted. */
export type Ending = Fate | 'otherwise';

/** A deployment that holds resources. */
export interface RunningDeployment {
  /** In milliseconds of `performance.now()`. */
  readonly endsAt: number;
  readonly attempt: number;
  readonly request: ResourceVector;
}

/** What the demo knows of one cluster: what it submitted there, and how far that got. */
export class Site {
  /** What was accepted, by id, in the order of submission. */
  readonly taskOf = new Map<string, Task>();
  /** How deployments ended, by id, as the service acknowledged it. */
  readonly ended = new Map<string, Ending>();
  /** How many ended how. */
  readonly tally: Record<Ending, number> = { succeeded: 0, failed: 0, cancelled: 0, otherwise: 0 };
  /** Deployments that hold resources, by id. */
  readonly running = new Map<string, RunningDeployment>();
  /** What was seen that must never be seen. */
  readonly faults: string[] = [];
  /** Whether everything was submitted, and everything cancelled that was to be cancelled. */
  isSubmitted = false;

  view: ClusterView;
  private held = ResourceVector.ZERO;

  constructor(
    readonly name: string,
    readonly organizationPath: string,
    readonly cluster: ClusterAnswer,
    readonly team: Team,
    readonly tasks: readonly Task[],
  ) {
    this.view = viewOf(cluster);
  }

  get clusterPath(): string {
    return `${this.organizationPath}/clusters/${this.cluster.id}`;
  }

  /** The list of this cluster's deployments, to which further filters can be added. */
  get listPath(): string {
    return `${this.organizationPath}/deployments?clusterId=${this.cluster.id}`;
  }

  /** Whether nothing waits, runs or is still to come. */
  get isIdle(): boolean {
    return this.isSubmitted && this.running.size === 0 && this.view.queued === 0 && this.view.allocated.isZero();
  }

  /** Reads the cluster anew, and holds it against what is always true. */
  async look(): Promise<void> {
    const cluster = await this.team.viewer.get<ClusterAnswer>(this.clusterPath);
    this.view = viewOf(cluster);
    const fault = faultOf(this.view);
    if (fault !== undefined && !this.faults.includes(fault)) this.faults.push(fault);
  }

  /** Whether everything that holds resources here is known. */
  get isFullyKnown(): boolean {
    return this.held.equals(this.view.allocated);
  }

  /** Notes that a deployment holds resources. What was known to, or to have ended, is left as it is. */
  take(id: string, deployment: RunningDeployment): void {
    if (this.running.has(id) || this.ended.has(id)) return;
    this.running.set(id, deployment);
    this.held = this.held.plus(deployment.request);
  }

  /** Forgets that a deployment holds resources. */
  leave(id: string): void {
    const deployment = this.running.get(id);
    if (deployment === undefined) return;
    this.running.delete(id);
    this.held = this.held.minus(deployment.request);
  }

  /** Notes that a deployment has ended. */
  end(id: string, how: Ending): void {
    this.leave(id);
    if (this.ended.has(id)) return;
    this.ended.set(id, how);
    this.tally[how]++;
  }
}

function viewOf({ capacity, allocated, available, queue }: ClusterAnswer): ClusterView {
  return {
    capacity: vectorOf(capacity),
    allocated: vectorOf(allocated),
    available: vectorOf(available),
    queued: queue.queued,
  };
}

/** What is wrong with a cluster in itself, whatever happens in it. */
export function faultOf({ capacity, allocated, available }: ClusterView): string | undefined {
  if (!allocated.fitsIn(capacity)) return 'more was allocated than there is';
  if (!available.equals(capacity.minus(allocated))) return 'available was not capacity minus allocated';
  return undefined;
}
