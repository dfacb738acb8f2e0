import { withEntityTag } from '#http';

import { type ClusterEdit } from './cluster.entity.js';
import { type PolicySettings, policyOf } from '../policy/cluster-policy.js';
import { type PolicySettingsDto } from '../policy/cluster-policy.dto.js';
import { type ClusterView } from './clusters.repository.js';
import { type ClusterDto, type CreateClusterDto, type EditClusterDto } from './clusters.dto.js';
import { type ClusterOrder } from './clusters.service.js';
import { toAmounts, toResources, toUtilization, toVector } from '../capacity/resources.dto.js';

/** What of a cluster leaves the service, under the entity tag of its version. */
export function toClusterDto(cluster: ClusterView): ClusterDto {
  const {
    id,
    name,
    state,
    access,
    capacity,
    pendingCapacity,
    allocated,
    queuedByPriority,
    retrying,
    createdAt,
    version,
  } = cluster;
  const queued = queuedByPriority.reduce((sum, level) => sum + level.queued, 0);
  const dto: ClusterDto = {
    id,
    name,
    state,
    access,
    capacity: toResources(capacity),
    pendingCapacity: pendingCapacity === null ? null : toResources(pendingCapacity),
    allocated: toResources(allocated),
    available: toResources(capacity.minus(allocated)),
    utilization: toUtilization(allocated, capacity),
    queue: {
      queued,
      retrying,
      byPriority: queuedByPriority.map((level) => ({ priority: level.priority, queued: level.queued })),
    },
    isEmpty: allocated.isZero() && queued === 0 && retrying === 0,
    policy: policyOf(cluster.policy),
    createdAt,
  };
  return withEntityTag(dto, version);
}

/** What is to be created. */
export function toOrder({ name, capacity, policy = {}, access }: CreateClusterDto): ClusterOrder {
  return { name, capacity: toVector(capacity), policy: toSettings(policy), access };
}

/** What is to be edited. */
export function toEdit({ name, capacity, whenFree, policy, access }: EditClusterDto): ClusterEdit {
  return {
    ...(name === undefined ? {} : { name }),
    ...(capacity === undefined ? {} : { capacity: toAmounts(capacity) }),
    ...(whenFree === undefined ? {} : { whenFree }),
    ...(policy === undefined ? {} : { policy: toSettings(policy) }),
    ...(access === undefined ? {} : { access }),
  };
}

/** Only what was sent: a field that is left out is not stored. */
function toSettings(sent: PolicySettingsDto): PolicySettings {
  const { searchSteps, reserveAfterSeconds, reserveHoldSeconds, defaultPriority, defaultMaxRuntimeSeconds } = sent;
  const { priorityLimitByRole, maxRuntimeSecondsLimitByRole, preemptibleBelowPriority } = sent;
  const { preemption, preemptAfterSeconds, maxPreemptions, stopGraceSeconds } = sent;
  return {
    ...(searchSteps === undefined ? {} : { searchSteps }),
    ...(reserveAfterSeconds === undefined ? {} : { reserveAfterSeconds }),
    ...(reserveHoldSeconds === undefined ? {} : { reserveHoldSeconds }),
    ...(preemption === undefined ? {} : { preemption }),
    ...(preemptAfterSeconds === undefined ? {} : { preemptAfterSeconds }),
    ...(maxPreemptions === undefined ? {} : { maxPreemptions }),
    ...(stopGraceSeconds === undefined ? {} : { stopGraceSeconds }),
    ...(preemptibleBelowPriority === undefined ? {} : { preemptibleBelowPriority }),
    ...(defaultPriority === undefined ? {} : { defaultPriority }),
    ...(defaultMaxRuntimeSeconds === undefined ? {} : { defaultMaxRuntimeSeconds }),
    ...(priorityLimitByRole === undefined ? {} : { priorityLimitByRole: rolesOf(priorityLimitByRole) }),
    ...(maxRuntimeSecondsLimitByRole === undefined
      ? {}
      : { maxRuntimeSecondsLimitByRole: rolesOf(maxRuntimeSecondsLimitByRole) }),
  };
}

function rolesOf<T>({ developer, admin }: { readonly developer?: T; readonly admin?: T }): {
  developer?: T;
  admin?: T;
} {
  return { ...(developer === undefined ? {} : { developer }), ...(admin === undefined ? {} : { admin }) };
}
