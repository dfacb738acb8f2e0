import { present, withEntityTag } from '#http';

import { type ClusterEdit } from './cluster.entity.js';
import { policyOf } from '../policy/cluster-policy.js';
import { type ClusterView } from './clusters.repository.js';
import { ClusterDto, type CreateClusterDto, type EditClusterDto } from './clusters.dto.js';
import { type ClusterOrder } from './clusters.service.js';
import { toAmounts, toResources, toUtilization, toVector } from '../capacity/resources.dto.js';

/** What of a cluster leaves the service, under the entity tag of its version. */
export function toClusterDto(cluster: ClusterView): ClusterDto {
  const { capacity, pendingCapacity, allocated, queuedByPriority, retrying } = cluster;
  const queued = queuedByPriority.reduce((sum, level) => sum + level.queued, 0);
  const dto = present(ClusterDto, {
    ...cluster,
    capacity: toResources(capacity),
    pendingCapacity: pendingCapacity === null ? null : toResources(pendingCapacity),
    allocated: toResources(allocated),
    available: toResources(capacity.minus(allocated)),
    utilization: toUtilization(allocated, capacity),
    queue: { queued, retrying, byPriority: queuedByPriority },
    isEmpty: allocated.isZero() && queued === 0 && retrying === 0,
    policy: policyOf(cluster.policy),
  });
  return withEntityTag(dto, cluster.version);
}

/** What is to be created. */
export function toOrder({ name, capacity, policy = {}, access }: CreateClusterDto): ClusterOrder {
  return { name, capacity: toVector(capacity), policy, access };
}

/** What is to be edited: what was sent, and no more. */
export function toEdit({ capacity, ...edit }: EditClusterDto): ClusterEdit {
  return capacity === undefined ? edit : { ...edit, capacity: toAmounts(capacity) };
}
