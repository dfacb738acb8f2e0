import { type DomainError, ResourceVector } from '#kernel';

import { ClusterErrors } from '../clusters.errors.js';
import { toResources } from './resources.dto.js';

/** @throws CLUSTERS.CAPACITY_EMPTY when there is nothing of any resource */
export function assertSome(capacity: ResourceVector): void {
  if (!capacity.isZero()) return;
  throw ClusterErrors.CAPACITY_EMPTY.because(undefined, {}, [
    { pointer: '#/capacity', code: 'empty', message: 'must have some CPU, memory or GPU' },
  ]);
}

/** The refusal of a capacity below what is allocated, with the numbers. */
export function inUse(wanted: ResourceVector, allocated: ResourceVector): DomainError {
  return ClusterErrors.CAPACITY_IN_USE.because(
    undefined,
    {
      requested: toResources(wanted),
      allocated: toResources(allocated),
      exceeding: toResources(allocated.shortfallIn(wanted)),
    },
    [{ pointer: '#/capacity', code: 'in-use', message: 'is less than what is allocated' }],
  );
}

/** The most that one deployment may ever be given: the smaller of the current and the pending capacity, per resource. */
export function grantable(capacity: ResourceVector, pending: ResourceVector | null): ResourceVector {
  if (pending === null) return capacity;
  return ResourceVector.from((resource) => Math.min(capacity[resource], pending[resource]));
}
