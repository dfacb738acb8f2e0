import { ResourceVector } from '#kernel';
import { type EntityManager, rowsOf, sql } from '#database';

import { ClusterErrors } from './clusters.errors.js';
import { toResources } from './resources.dto.js';

/** What a cluster has, and what it is to have as soon as that fits. */
export interface Capacities {
  readonly capacity: ResourceVector;
  readonly pendingCapacity: ResourceVector | null;
}

/** What a pass may plan with, once it has settled. */
export interface PlannableCapacity {
  /** At least what is allocated; no more than the smaller capacity that is pending. */
  readonly capacity: ResourceVector;
  /** A smaller capacity does not fit yet: nothing new starts until it does. */
  readonly isPending: boolean;
}

/**
 * What a change of capacity comes to: it takes effect at once where what is allocated fits, and otherwise waits until it does, if that
 * was asked for. It replaces what was pending before.
 *
 * @throws CLUSTERS.CAPACITY_EMPTY, CLUSTERS.CAPACITY_IN_USE with the numbers
 */
export function resize(
  before: Capacities & { readonly allocated: ResourceVector },
  wanted: ResourceVector,
  whenFree: boolean,
): Capacities {
  assertSome(wanted);
  const { capacity, allocated } = before;
  if (allocated.fitsIn(wanted)) return { capacity: wanted, pendingCapacity: null };
  if (whenFree) return { capacity, pendingCapacity: wanted };
  throw ClusterErrors.CAPACITY_IN_USE.because(
    undefined,
    {
      requested: toResources(wanted),
      allocated: toResources(allocated),
      exceeding: toResources(allocated.shortfallIn(wanted)),
    },
    [{ pointer: '#/capacity', code: 'in-use', message: 'is less than what is allocated' }],
  );
}

/** @throws CLUSTERS.CAPACITY_EMPTY when there is nothing of any resource */
export function assertSome(capacity: ResourceVector): void {
  if (!capacity.isZero()) return;
  throw ClusterErrors.CAPACITY_EMPTY.because(undefined, {}, [
    { pointer: '#/capacity', code: 'empty', message: 'must have some CPU, memory or GPU' },
  ]);
}

/** The most that a deployment may ever be given: the smaller of what is and what is pending, per resource. */
export function grantable({ capacity, pendingCapacity }: Capacities): ResourceVector {
  if (pendingCapacity === null) return capacity;
  return ResourceVector.from((resource) => Math.min(capacity[resource], pendingCapacity[resource]));
}

interface CapacityRow {
  readonly isPending: boolean;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly gpuMillis: number;
}

/**
 * Lets a pending capacity take effect if what is allocated fits now, and says what may be planned with. For passes: after settling, under
 * the cluster's row lock, when `clusters.pending_cpu_millis` is not null (without a pending capacity it answers the capacity itself).
 *
 * Two statements; what they change is committed with the pass.
 */
export async function applyPendingCapacity(tx: EntityManager, clusterId: string): Promise<PlannableCapacity> {
  await rowsOf(
    tx,
    sql`update clusters
        set capacity_cpu_millis = pending_cpu_millis, capacity_memory_mib = pending_memory_mib,
            capacity_gpu_millis = pending_gpu_millis, pending_cpu_millis = null, pending_memory_mib = null,
            pending_gpu_millis = null, version = version + 1
        where id = ${clusterId} and allocated_cpu_millis <= pending_cpu_millis
          and allocated_memory_mib <= pending_memory_mib and allocated_gpu_millis <= pending_gpu_millis`,
  );
  const [row] = await rowsOf(
    tx,
    sql<CapacityRow>`
      select pending_cpu_millis is not null as "isPending",
             greatest(least(capacity_cpu_millis, pending_cpu_millis), allocated_cpu_millis)::float8 as "cpuMillis",
             greatest(least(capacity_memory_mib, pending_memory_mib), allocated_memory_mib)::float8 as "memoryMib",
             greatest(least(capacity_gpu_millis, pending_gpu_millis), allocated_gpu_millis)::float8 as "gpuMillis"
      from clusters where id = ${clusterId}`,
  );
  if (row === undefined) throw new Error('a locked cluster was not there to be read');
  return { capacity: ResourceVector.of(row), isPending: row.isPending };
}
