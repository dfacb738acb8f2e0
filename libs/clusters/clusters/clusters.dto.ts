import {
  ArrayField,
  BooleanField,
  CountField,
  EditOf,
  EnumField,
  IdField,
  IntegerField,
  NameField,
  ObjectField,
  ObjectRule,
  TimestampField,
} from '#http';

import { CLUSTER_ACCESS, CLUSTER_STATES, type ClusterAccess, type ClusterState } from './cluster.entity.js';
import { ClusterPolicyDto, PolicySettingsDto } from '../policy/cluster-policy.dto.js';
import { CapacityChangeDto, CapacityDto, ClusterResourcesDto, UtilizationDto } from '../capacity/resources.dto.js';

const NAME = 'Unique in the organization; names that differ only in case or width are the same.';
const ACCESS =
  'Who sees the cluster and what belongs to it: `organization`: every member. `restricted`: admins and the members on its list; to others it does not exist.';

/** What creates a cluster. */
export class CreateClusterDto {
  @NameField({ description: NAME, example: 'gpu-pool-a' })
  readonly name!: string;

  @ObjectField(() => CapacityDto, { description: 'What the cluster has; at least one resource more than zero.' })
  readonly capacity!: CapacityDto;

  @ObjectField(() => PolicySettingsDto, { description: 'The settings by which it is scheduled.', optional: true })
  readonly policy?: PolicySettingsDto;

  @EnumField(CLUSTER_ACCESS, { description: ACCESS, name: 'ClusterAccess', default: 'organization' })
  readonly access!: ClusterAccess;
}

/** What edits a cluster. What is left out stays. */
@ObjectRule<EditClusterDto>(({ capacity, whenFree }) =>
  whenFree !== undefined && capacity === undefined
    ? { field: 'whenFree', code: 'needs-capacity', message: 'says when a capacity takes effect, and none is given' }
    : undefined,
)
@EditOf(() => ClusterDto)
export class EditClusterDto {
  @NameField({ description: NAME, example: 'gpu-pool-b', optional: true })
  readonly name?: string;

  @ObjectField(() => CapacityChangeDto, {
    description:
      'What the cluster is to have. Resources that are left out stay, or become what a pending capacity says. Replaces a pending capacity.',
    optional: true,
  })
  readonly capacity?: CapacityChangeDto;

  @BooleanField({
    description:
      'With true, a capacity below what is allocated becomes `pendingCapacity`: nothing new starts until what is allocated fits, then it takes effect. Otherwise it is refused.',
    optional: true,
  })
  readonly whenFree?: boolean;

  @ObjectField(() => PolicySettingsDto, {
    description: 'The settings by which it is scheduled. Fields that are left out stay.',
    optional: true,
  })
  readonly policy?: PolicySettingsDto;

  @EnumField(CLUSTER_ACCESS, { description: ACCESS, name: 'ClusterAccess', optional: true })
  readonly access?: ClusterAccess;
}

/** How much of one priority waits. */
export class QueuedByPriorityDto {
  @IntegerField({ description: 'The priority; higher first.', min: 0, max: 100, example: 50 })
  readonly priority!: number;

  @CountField({ description: 'Deployments that wait.', example: 3 })
  readonly queued!: number;
}

/** How much waits in a cluster's queue. */
export class QueueSummaryDto {
  @CountField({ description: 'Deployments that wait.', example: 3 })
  readonly queued!: number;

  @CountField({ description: 'Deployments that are between two attempts, and will wait again.', example: 0 })
  readonly retrying!: number;

  @ArrayField(() => QueuedByPriorityDto, {
    description: 'The same by priority, highest first. Priorities of which none waits are left out.',
    max: 101,
  })
  readonly byPriority!: QueuedByPriorityDto[];
}

/** A cluster as it stands. */
export class ClusterDto {
  @IdField({ description: 'The cluster.' })
  readonly id!: string;

  @NameField({ description: 'Unique in the organization.', example: 'gpu-pool-a' })
  readonly name!: string;

  @EnumField(CLUSTER_STATES, {
    description:
      '`active`: starts what fits. `cordoned`: accepts and queues, starts nothing. `draining`: accepts nothing either.',
    name: 'ClusterState',
  })
  readonly state!: ClusterState;

  @EnumField(CLUSTER_ACCESS, { description: ACCESS, name: 'ClusterAccess' })
  readonly access!: ClusterAccess;

  @ObjectField(() => ClusterResourcesDto, { description: 'What the cluster has.' })
  readonly capacity!: ClusterResourcesDto;

  @ObjectField(() => ClusterResourcesDto, {
    description:
      'What it will have as soon as what is allocated fits; null when no change is pending. Nothing new starts meanwhile.',
    nullable: true,
  })
  readonly pendingCapacity!: ClusterResourcesDto | null;

  @ObjectField(() => ClusterResourcesDto, { description: 'What is given to deployments, by the ledger.' })
  readonly allocated!: ClusterResourcesDto;

  @ObjectField(() => ClusterResourcesDto, { description: 'Capacity minus allocated.' })
  readonly available!: ClusterResourcesDto;

  @ObjectField(() => UtilizationDto, { description: 'Allocated by capacity.' })
  readonly utilization!: UtilizationDto;

  @ObjectField(() => QueueSummaryDto, { description: 'What waits.' })
  readonly queue!: QueueSummaryDto;

  @BooleanField({
    description: 'Whether nothing is allocated, and nothing waits or will wait again: a drained cluster is done then.',
  })
  readonly isEmpty!: boolean;

  @ObjectField(() => ClusterPolicyDto, {
    description: 'How it is scheduled; fields that were not set have their defaults.',
  })
  readonly policy!: ClusterPolicyDto;

  @TimestampField({ description: 'When the cluster was created.' })
  readonly createdAt!: string;
}
