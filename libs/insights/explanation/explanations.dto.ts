import { ClusterResourcesDto, DeploymentResourcesDto } from '#clusters';
import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '#deployments';
import {
  ArrayField,
  BooleanField,
  CountField,
  EnumField,
  enumRule,
  IdField,
  IntegerField,
  ListField,
  ObjectField,
  StringField,
  TimestampField,
} from '#http';
import { type Unlock, PREEMPTION, type Preempting } from '#packing';
import { ReservationDto } from '#scheduler';
import { PreemptionAnalysisDto } from '../parts/preemption-analysis.dto.js';
import { type NamedUnlock } from './explanations.service.js';
import { EtaDto } from '../parts/eta.dto.js';
import { BlockerDto } from '../parts/blocker.dto.js';
import { ComparisonDto } from '../comparison/comparison.dto.js';

const UNLOCK_KINDS = [
  'nothing',
  'request',
  'capacity',
  'ended',
  'priority',
  'policy',
  'time',
] as const satisfies readonly NamedUnlock['kind'][];

/** What is to be found out beside why a deployment waits. */
export class ExplanationQuery {
  @BooleanField({
    description: 'Whether the smallest changes that would start it are looked for.',
    default: true,
    example: true,
  })
  readonly unlocks!: boolean;

  @EnumField(['quick', 'full', 'none'], {
    description:
      'How far the declared future is played to find out when it starts: for a tenth of a second, for two seconds, or not at all.',
    name: 'EtaEffort',
    default: 'quick',
    example: 'quick',
  })
  readonly eta!: 'quick' | 'full' | 'none';

  @IdField({
    description: 'Another deployment of the same cluster: the answer then says which of the two comes first, and why.',
    optional: true,
  })
  readonly compareWith?: string;
}

/** A deployment that would have to end. */
export class EndingDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @StringField({ description: 'Its name.', min: 1, max: 128, example: 'train-resnet' })
  readonly name!: string;
}

/** One change that would start it. Which fields there are depends on the kind. */
export class UnlockDto {
  @EnumField(UNLOCK_KINDS, {
    description:
      '`request`: it asks for less, and still for some of each resource. `capacity`: the cluster has more. `ended`: these deployments have ended. `priority`: it has this one. `policy`: the cluster allows to stop what is preemptible and of lower priority. `time`: nothing but time, as far as runtimes are declared. `nothing`: it starts anyway. Each was tried with the planner: the next pass starts it then, or makes room for it (`startsBy`); and with one step less it does neither.',
    name: 'UnlockKind',
    example: 'request',
  })
  readonly kind!: NamedUnlock['kind'];

  @ObjectField(() => DeploymentResourcesDto, { description: 'request: by how much less.', optional: true })
  readonly less?: DeploymentResourcesDto;

  @ObjectField(() => DeploymentResourcesDto, { description: 'request: what it asks for then.', optional: true })
  readonly request?: DeploymentResourcesDto;

  @ObjectField(() => ClusterResourcesDto, { description: 'capacity: by how much more.', optional: true })
  readonly more?: ClusterResourcesDto;

  @ObjectField(() => ClusterResourcesDto, { description: 'capacity: what the cluster has then.', optional: true })
  readonly capacity?: ClusterResourcesDto;

  @ArrayField(() => EndingDto, {
    description: 'ended: the deployments, or others just like them.',
    max: 1000,
    optional: true,
  })
  readonly deployments?: EndingDto[];

  @BooleanField({
    description: 'ended: true when fewer were tried, too; otherwise none of them can be left out.',
    optional: true,
    example: true,
  })
  readonly fewest?: boolean;

  @IntegerField({
    description: 'priority: the lowest that starts it.',
    min: 0,
    max: 100,
    optional: true,
    example: 61,
  })
  readonly priority?: number;

  @EnumField(PREEMPTION, {
    description: 'policy: what it would have to say of preemption.',
    name: 'Preemption',
    optional: true,
    example: 'lower-priority',
  })
  readonly preemption?: Preempting;

  @TimestampField({ description: 'time: when it starts.', optional: true })
  readonly startsAt?: string;

  @TimestampField({
    description:
      'Given where the next pass does not start it, but tells something to stop for it: when it starts at the latest.',
    optional: true,
  })
  readonly startsBy?: string;
}

/** Why a deployment is where it is. */
export class ExplanationDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @EnumField(DEPLOYMENT_STATUSES, { description: 'Where it stands.', name: 'DeploymentStatus', example: 'queued' })
  readonly status!: DeploymentStatus;

  @TimestampField({ description: 'When this was true.' })
  readonly asOf!: string;

  @CountField({
    description:
      'Its rank by priority, age and id, from 1: not the order in which deployments start. Null where it does not wait, or too many wait to be counted.',
    min: 1,
    nullable: true,
    example: 17,
  })
  readonly position!: number | null;

  @BooleanField({ description: 'Whether the next pass starts it, as things are.', example: false })
  readonly startsNext!: boolean;

  @StringField({
    description: 'Why it waits, in plain words.',
    min: 1,
    max: 4000,
    example: 'It waits because it asks for 4 GPUs and only 1 GPU is free (3 GPUs too few).',
  })
  readonly sentence!: string;

  @ArrayField(() => BlockerDto, { description: 'Everything that keeps it, not the first that was found.', max: 300 })
  readonly blockers!: BlockerDto[];

  @ObjectField(() => ReservationDto, { description: 'Its own reservation, if it has the cluster’s.', nullable: true })
  readonly reservation!: ReservationDto | null;

  @ObjectField(() => PreemptionAnalysisDto, {
    description: 'Whether what runs could be stopped for it, and what forbids it; null where it does not wait.',
    nullable: true,
  })
  readonly preemption!: PreemptionAnalysisDto | null;

  @ArrayField(() => UnlockDto, {
    description:
      'The smallest changes with which the next pass would start it, or make room for it; null where they were not looked for.',
    max: 20,
    nullable: true,
  })
  readonly unlocks!: UnlockDto[] | null;

  @ListField(enumRule(UNLOCK_KINDS, { description: 'A kind of change.', name: 'UnlockKind' }), {
    description: 'Kinds of changes of which nothing is said, because the search took too long.',
    max: 10,
    example: [],
  })
  readonly truncatedKinds!: Unlock['kind'][];

  @ObjectField(() => EtaDto, { description: 'When it starts; null where that was not asked for.', nullable: true })
  readonly eta!: EtaDto | null;

  @ObjectField(() => ComparisonDto, {
    description: 'How it compares with `compareWith`; null where that was not asked for.',
    nullable: true,
  })
  readonly comparison!: ComparisonDto | null;
}
