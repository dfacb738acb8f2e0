import { DeploymentSchema } from './deployment.entity.js';

export {
  ClusterWork,
  type HoldingRun,
  type KnownRun,
  type NamedDeployment,
  type RunningDeployment,
  type UndeclaredRun,
  type WorkingDeployment,
  type PreemptionCriteria,
} from './lifecycle/cluster-work.repository.js';
export {
  type AttemptResources,
  DeploymentLifecycle,
  type EndedAttempt,
  type AllocatedGroup,
  type PassContext,
  type ScheduledDeployment,
  type ShapeToSchedule,
  type WaitingDeployment,
} from './lifecycle/lifecycle.repository.js';
export {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  HOLDING_STATUSES,
  type StopCause,
} from './states/deployment-status.js';
export { TERMINAL_STATUSES, type Transition, transitionCheck, TRANSITIONS } from './states/transitions.js';
export { type DeploymentView } from './deployment-view.js';
export { type Victim, type PreemptedDeployment, Preemptions } from './lifecycle/preemptions.repository.js';
export { DeploymentParam, type DeploymentRef } from './deployment-param.js';
export { DeploymentErrors } from './deployments.errors.js';
export { DeploymentsService } from './deployments.service.js';
export { DeploymentRetention } from './retention/deployment-retention.js';
export { imageNameOf } from './fields/image-reference.js';
export { MAX_LABEL_KEY_LENGTH, MAX_LABEL_VALUE_LENGTH } from './fields/labels.js';
export { DeploymentLifecycleModule, DeploymentsModule } from './deployments.module.js';
export { type DeploymentFilter } from './filter/deployment-filter.js';
export { labelSelectorOf } from './filter/label-selector.js';
export { type QueuedDeployment, queuePage } from './lists/deployment-lists.js';
export { idRangeOf } from './lists/id-range.js';
export { type BlockersOf, QueueBlockers } from './lists/queue-blockers.js';
export { labelledIds, type ListRequest, namedIds, pageAmong, walkingPage } from './lists/list-statements.js';

/** The tables of this lib. */
export const deploymentEntities = [DeploymentSchema];
export { type DeploymentHistory, readHistory } from './lifecycle/deployment-history.js';
