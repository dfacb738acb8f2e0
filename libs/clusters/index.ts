import { ClusterAccessSchema } from './cluster-access.entity.js';
import { ClusterSchema } from './cluster.entity.js';

export { AMOUNT_COLUMNS, amountsIn, type AmountsRow } from './cluster-amounts.js';
export { CLUSTER_STATES, type ClusterState } from './cluster.entity.js';
export { PendingCapacity, type PlannableCapacity } from './pending-capacity.js';
export { type AdmittingCluster, ClusterDoor, type KnownCluster } from './cluster-door.service.js';
export {
  type ClusterPolicy,
  POLICY_LIMITS,
  type PolicySettings,
  policyOf,
  type SubmissionPolicy,
} from './cluster-policy.js';
export { visibleClusters } from './cluster-visibility.js';
export { ClusterErrors } from './clusters.errors.js';
export { ClustersModule } from './clusters.module.js';
export { stopGraceSeconds } from './stop-grace.js';
export { QueuedDeployments } from './queued-deployments.js';
export {
  CapacityChangeDto,
  CapacityDto,
  ResourcesDto,
  toAmounts,
  toResources,
  toUtilization,
  toVector,
  UtilizationDto,
} from './resources.dto.js';

/** The tables of this lib. */
export const clusterEntities = [ClusterSchema, ClusterAccessSchema];
