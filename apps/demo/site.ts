import { type Cluster } from '@stowage/sdk';

import { type Person } from './people.js';
import { ResourceVector } from './resources.js';
import { type Fate, type Task } from './workload.js';

/** What the demo reads of a cluster. */
type ClusterAnswer = Pick<Cluster, 'capacity' | 'allocated' | 'available'> & {
  readonly queue: Pick<Cluster['queue'], 'queued'>;
};

/** A cluster as it was last seen. */
export interface ClusterView {
  readonly capacity: ResourceVector;
  readonly allocated: ResourceVector;
  readonly available: ResourceVector;
  readonly queued: number;
}

/** The users of a cluster. */
export interface Team {
  /** Reports ends, as runtimes do: of the demo's users, only an admin may report for the others. */
  readonly admin: Person;
  /** Submits and cancels. */
  readonly developer: Person;
  /** Watches. */
  readonly viewer: Person;
}

/** How a deployment ended; `otherwise`: not as the demo intended. */
export type Ending = Fate | 'otherwise';

/** A deployment that holds resources. */
export interface RunningDeployment {
  /** In milliseconds of `performance.now()`. */
  readonly endsAt: number;
  readonly attempt: number;
  readonly request: ResourceVector;
}

/** The state of the demo in one cluster: what it submitted there, and how far that got. */
export class Site {
  /** What was accepted, by id, in the order of submission. */
  readonly taskOf = new Map<string, Task>();
  /** How deployments ended, by id, as the service acknowledged it. */
  readonly ended = new Map<string, Ending>();
  /** How many ended how. */
  readonly tally: Record<Ending, number> = { succeeded: 0, failed: 0, cancelled: 0, otherwise: 0 };
  /** Deployments that hold resources, by id. */
  readonly running = new Map<string, RunningDeployment>();
  /** Violations of laws that always hold. */
  readonly faults: string[] = [];
  /** Whether everything was submitted, and everything cancelled that was to be cancelled. */
  isSubmitted = false;

  view: ClusterView;
  private held = ResourceVector.ZERO;

  constructor(
    readonly name: string,
    readonly path: { readonly organizationId: string; readonly clusterId: string },
    cluster: ClusterAnswer,
    readonly team: Team,
    readonly tasks: readonly Task[],
  ) {
    this.view = viewOf(cluster);
  }

  /** Whether nothing waits, runs or is still to come. */
  get isIdle(): boolean {
    return this.isSubmitted && this.running.size === 0 && this.view.queued === 0 && this.view.allocated.isZero;
  }

  /** Reads the cluster anew, and checks the laws that always hold. */
  async look(): Promise<void> {
    this.view = viewOf(await this.team.viewer.api.getCluster({ path: this.path }));
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
    capacity: ResourceVector.fromApi(capacity),
    allocated: ResourceVector.fromApi(allocated),
    available: ResourceVector.fromApi(available),
    queued: queue.queued,
  };
}

/** The law that a cluster violates at this moment, if any. */
export function faultOf({ capacity, allocated, available }: ClusterView): string | undefined {
  if (!allocated.fitsIn(capacity)) return 'more was allocated than there is';
  if (!available.equals(capacity.minus(allocated))) return 'available was not capacity minus allocated';
  return undefined;
}
