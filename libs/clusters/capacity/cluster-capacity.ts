import { ResourceVector } from '#kernel';

import { ClusterErrors } from '../clusters.errors.js';
import { toResources } from './resources.dto.js';

/** What a cluster has, and what it is to have as soon as that fits. */
export interface Capacities {
  readonly capacity: ResourceVector;
  readonly pendingCapacity: ResourceVector | null;
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
