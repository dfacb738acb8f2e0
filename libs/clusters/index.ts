import { ClusterAccessSchema } from './access/cluster-access.entity.js';
import { ClusterSchema } from './clusters/cluster.entity.js';

export { AMOUNT_COLUMNS, amountsIn, type AmountsRow } from './clusters/cluster-amounts.js';
export { CLUSTER_STATES, type ClusterState } from './clusters/cluster.entity.js';
export { PendingCapacity, type PlannableCapacity } from './capacity/pending-capacity.js';
export { type AdmittingCluster, ClusterLookup, type KnownCluster } from './clusters/cluster-lookup.js';
export {
  type ClusterPolicy,
  POLICY_LIMITS,
  type PolicySettings,
  policyOf,
  type SubmissionPolicy,
} from './policy/cluster-policy.js';
export { PlanningPolicyDto } from './policy/cluster-policy.dto.js';
export { visibleClusters } from './clusters/cluster-visibility.js';
export { ClusterParam } from './cluster-param.js';
export { ClusterErrors } from './clusters.errors.js';
export { ClustersModule } from './clusters.module.js';
export { stopGraceSeconds } from './policy/stop-grace.js';
export { QueuedDeployments } from './clusters/queued-deployments.js';
export {
  CapacityChangeDto,
  CapacityDto,
  ClusterResourcesDto,
  DeploymentResourcesDto,
  ResourcesDto,
  toAmounts,
  toResources,
  toUtilization,
  toVector,
  UtilizationDto,
} from './capacity/resources.dto.js';

/** The tables of this lib. */
export const clusterEntities = [ClusterSchema, ClusterAccessSchema];
