import { CapacityDto, ResourcesDto } from '#clusters';
import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '#deployments';
import {
  ArrayField,
  BooleanField,
  DecimalField,
  EnumField,
  enumRule,
  IdField,
  IntegerField,
  ListField,
  ObjectField,
  StringField,
  TimestampField,
} from '#http';
import {
  type AheadReason,
  BLOCKER_CODES,
  type BlockerCode,
  type NoForecast,
  type OrderRule,
  type ResourceName,
  type Unlock,
  PREEMPTION,
  type Preempting,
} from '#packing';

import { type ComparisonRule } from './comparison.js';
import { DisplacementDto } from './displacements.dto.js';
import { RESOURCE_NAMES, ReservedResourceDto } from './reserved-resource.dto.js';
import { type EtaView, type NamedUnlock } from './explanations.service.js';
import { ReservationDto } from '../passes.dto.js';

const MANY = Number.MAX_SAFE_INTEGER;
const AMOUNT = { min: 0, max: MANY, maxDecimals: 3, optional: true } as const;

const AHEAD_REASONS = ['starts-now', 'higher-priority', 'smaller', 'older'] as const satisfies readonly AheadReason[];

const UNLOCK_KINDS = [
  'nothing',
  'request',
  'capacity',
  'ended',
  'priority',
  'policy',
  'time',
] as const satisfies readonly NamedUnlock['kind'][];

const NO_FORECAST = ['too-large', 'stopped', 'runtimes-undeclared', 'horizon', 'retrying'] as const satisfies readonly (
  NoForecast | NonNullable<EtaView['reason']>
)[];

const RULES = [
  'reservation',
  'claim',
  'displaced',
  'did-not-fit',
  'priority',
  'age',
  'more-starts',
  'less-lost',
  'utilization',
  'tie',
  'not-waiting',
  'yielded',
  'same-pass',
  'undecided',
] as const satisfies readonly (ComparisonRule | OrderRule)['rule'][];

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
  readonly versus?: string;
}

/** What a blocker says of itself: everything but whose a reservation is. */
export class BlockerFactsDto {
  @EnumField(BLOCKER_CODES, {
    description:
      '`NOT_ENOUGH`: less of a resource is free than it asks for. `TOO_LARGE`: the whole cluster has less. `RESERVATION`: it would be in the way of somebody who has waited long enough. `CLAIM`: what was stopped for it (`own`), or for others, has not stopped yet. `AHEAD`: others who need the same come first. `CORDONED`, `DRAINING`, `CAPACITY_PENDING`: nothing starts in this cluster. `RETRY`: its last attempt failed, and it comes back later. `SEARCH_LIMIT`: the search ended before it was proven that no more can start. `NEXT_PASS`: nothing is in its way.',
    name: 'BlockerCode',
    example: 'NOT_ENOUGH',
  })
  readonly code!: BlockerCode;

  @EnumField(RESOURCE_NAMES, {
    description: 'NOT_ENOUGH, TOO_LARGE: the resource.',
    name: 'ResourceName',
    optional: true,
    example: 'gpu',
  })
  readonly resource?: ResourceName;

  @DecimalField({ description: 'NOT_ENOUGH, TOO_LARGE: what it asks for.', ...AMOUNT, example: 4 })
  readonly needed?: number;

  @DecimalField({ description: 'NOT_ENOUGH: what is free.', ...AMOUNT, example: 1 })
  readonly available?: number;

  @DecimalField({ description: 'NOT_ENOUGH: how much is missing.', ...AMOUNT, example: 3 })
  readonly missing?: number;

  @DecimalField({ description: 'TOO_LARGE: what the whole cluster has.', ...AMOUNT, example: 2 })
  readonly capacity?: number;

  @DecimalField({ description: 'TOO_LARGE: how much more than that it asks for.', ...AMOUNT, example: 2 })
  readonly exceeding?: number;

  @EnumField(['promised', 'held'], {
    description: 'RESERVATION: whether the other one has a time at which it starts.',
    name: 'BlockingReservationState',
    optional: true,
    example: 'promised',
  })
  readonly state?: 'promised' | 'held';

  @TimestampField({ description: 'RESERVATION: when the other one starts.', optional: true, nullable: true })
  readonly promisedAt?: string | null;

  @BooleanField({
    description: 'CLAIM: true where it starts as soon as what was stopped for it is gone.',
    optional: true,
    example: false,
  })
  readonly own?: boolean;

  @TimestampField({
    description: 'RESERVATION: until when resources are held for it. CLAIM: when all of it is gone at the latest.',
    optional: true,
    nullable: true,
  })
  readonly until?: string | null;

  @ArrayField(() => ReservedResourceDto, {
    description: 'RESERVATION, CLAIM: what is left too little of.',
    max: 3,
    optional: true,
  })
  readonly resources?: ReservedResourceDto[];

  @EnumField(AHEAD_REASONS, {
    description: 'AHEAD: why they come first.',
    name: 'AheadReason',
    optional: true,
    example: 'higher-priority',
  })
  readonly reason?: AheadReason;

  @IntegerField({ description: 'AHEAD: their priority.', min: 0, max: 100, optional: true, example: 60 })
  readonly priority?: number;

  @IntegerField({ description: 'AHEAD, CLAIM: how many they are.', min: 0, max: MANY, optional: true, example: 12 })
  readonly deployments?: number;

  @IntegerField({
    description: 'SEARCH_LIMIT: how many start, or have a claim.',
    min: 0,
    max: MANY,
    optional: true,
    example: 7,
  })
  readonly placed?: number;

  @IntegerField({
    description: 'SEARCH_LIMIT: how many at most could.',
    min: 0,
    max: MANY,
    optional: true,
    example: 8,
  })
  readonly upperBound?: number;

  @TimestampField({ description: 'RETRY: when it is back in the queue.', optional: true })
  readonly retryAt?: string;
}

/** One reason why a deployment waits. Which fields there are depends on the code. */
export class BlockerDto extends BlockerFactsDto {
  @IdField({ description: 'RESERVATION: the deployment that has it.', optional: true })
  readonly id?: string;
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
      '`request`: it asks for less. `capacity`: the cluster has more. `ended`: these deployments have ended. `priority`: it has this one. `policy`: the cluster allows to stop what is preemptible and of lower priority. `time`: nothing but time, as far as runtimes are declared. `nothing`: it starts anyway. Each was tried with the planner: the next pass starts it then, or makes room for it (`startsBy`); and with one step less it does neither.',
    name: 'UnlockKind',
    example: 'request',
  })
  readonly kind!: NamedUnlock['kind'];

  @ObjectField(() => ResourcesDto, { description: 'request: by how much less.', optional: true })
  readonly less?: ResourcesDto;

  @ObjectField(() => ResourcesDto, { description: 'request: what it asks for then.', optional: true })
  readonly request?: ResourcesDto;

  @ObjectField(() => CapacityDto, { description: 'capacity: by how much more.', optional: true })
  readonly more?: CapacityDto;

  @ObjectField(() => CapacityDto, { description: 'capacity: what the cluster has then.', optional: true })
  readonly capacity?: CapacityDto;

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

/** When a deployment starts, if nobody comes and everything ends when it declared. */
export class EtaDto {
  @TimestampField({ description: 'When it starts; null where that is not known.', nullable: true })
  readonly startsAt!: string | null;

  @EnumField(NO_FORECAST, {
    description:
      'Why it is not known. `runtimes-undeclared`: of what would have to end first, something declares no runtime. `horizon`: the future was played only as far as `horizon`.',
    name: 'NoForecast',
    nullable: true,
    example: null as never,
  })
  readonly reason!: (typeof NO_FORECAST)[number] | null;

  @TimestampField({ description: 'How far the future was played; null: to its end.', nullable: true })
  readonly horizon!: string | null;
}

/** Why one of two deployments comes first. Which numbers there are depends on the rule. */
export class ComparisonDto {
  @IdField({ description: 'The other deployment.' })
  readonly versus!: string;

  @IdField({ description: 'Who comes, or came, first; null: neither.', nullable: true })
  readonly first!: string | null;

  @EnumField(RULES, {
    description:
      '`priority`: the higher one. `age`: the two ask for the same, and one has waited longer. `more-starts`: with the other one fewer would have started. `less-lost`: as many, and with the other one more work would be lost of what runs. `utilization`: as many, and less would be used. `did-not-fit`: something kept the other one even so. `reservation`: it had waited long enough. `displaced`: what runs was stopped to make room for it, and does not yield to the other one. `claim`: others had been stopped for it before. `yielded`: the other one ran, and was stopped then to make room. `not-waiting`: the other one was not in the queue. `same-pass`: both at once. `undecided`: no rule puts one first. `tie`: nothing tells them apart.',
    name: 'ComparisonRule',
    example: 'more-starts',
  })
  readonly rule!: ComparisonRule['rule'];

  @StringField({
    description: 'The same in plain words.',
    min: 1,
    max: 4000,
    example: 'a started before b because its priority is higher: 60 instead of 50.',
  })
  readonly sentence!: string;

  @IdField({ description: 'The pass that decided it; null where none has yet.', nullable: true })
  readonly passId!: string | null;

  @BooleanField({
    description: 'True when the numbers are those that the pass saw; false when what is known of the two has to do.',
    example: true,
  })
  readonly fromRecord!: boolean;

  @IntegerField({
    description:
      'The priority of the first; `more-starts`, `less-lost`: the one at which it makes a difference; `yielded`: the one for which the other was stopped.',
    min: 0,
    max: 100,
    optional: true,
    example: 60,
  })
  readonly priority?: number;

  @IntegerField({ description: 'The priority of the other.', min: 0, max: 100, optional: true, example: 50 })
  readonly otherPriority?: number;

  @TimestampField({ description: 'Since when the first has waited.', optional: true })
  readonly queuedAt?: string;

  @TimestampField({ description: 'Since when the other has waited.', optional: true })
  readonly otherQueuedAt?: string;

  @IntegerField({
    description: 'How many start at this priority, or have a claim.',
    min: 0,
    max: MANY,
    optional: true,
    example: 4,
  })
  readonly placed?: number;

  @IntegerField({
    description: 'How many would start, or have a claim, with the other one.',
    min: 0,
    max: MANY,
    optional: true,
    example: 2,
  })
  readonly placedWithOther?: number;

  @IntegerField({
    description: 'How many running deployments were stopped for the first, and those like it.',
    min: 1,
    max: MANY,
    optional: true,
    example: 2,
  })
  readonly victims?: number;

  @IntegerField({ description: 'The highest priority among them.', min: 0, max: 100, optional: true, example: 10 })
  readonly victimPriority?: number;

  @TimestampField({ description: 'Since when others were being stopped for the first.', optional: true })
  readonly claimedAt?: string;

  @IntegerField({
    description: 'How many of what ran with this priority were stopped.',
    min: 0,
    max: MANY,
    optional: true,
    example: 1,
  })
  readonly stopped?: number;

  @IntegerField({
    description: 'How many would have been with the other one.',
    min: 0,
    max: MANY,
    optional: true,
    example: 2,
  })
  readonly stoppedWithOther?: number;

  @DecimalField({
    description: 'How much is used, as a sum of shares.',
    min: 0,
    max: 4,
    maxDecimals: 20,
    optional: true,
    example: 2.4,
  })
  readonly utilization?: number;

  @DecimalField({
    description: 'How much would be used with the other one.',
    min: 0,
    max: 4,
    maxDecimals: 20,
    optional: true,
    example: 2.1,
  })
  readonly utilizationWithOther?: number;

  @TimestampField({ description: 'When the first started.', optional: true })
  readonly startedAt?: string;

  @ArrayField(() => BlockerDto, { description: 'What kept the other one.', max: 20, optional: true })
  readonly blockers?: BlockerDto[];
}

/** Why a deployment is where it is. */
export class ExplanationDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @EnumField(DEPLOYMENT_STATUSES, { description: 'Where it stands.', name: 'DeploymentStatus', example: 'queued' })
  readonly status!: DeploymentStatus;

  @TimestampField({ description: 'When this was true.' })
  readonly asOf!: string;

  @IntegerField({
    description:
      'Its rank by priority, age and id, from 1: not the order in which deployments start. Null where it does not wait, or too many wait to be counted.',
    min: 1,
    max: MANY,
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

  @ObjectField(() => DisplacementDto, {
    description: 'Whether what runs could be stopped for it, and what forbids it; null where it does not wait.',
    nullable: true,
  })
  readonly displacement!: DisplacementDto | null;

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
  readonly unlocksCut!: Unlock['kind'][];

  @ObjectField(() => EtaDto, { description: 'When it starts; null where that was not asked for.', nullable: true })
  readonly eta!: EtaDto | null;

  @ObjectField(() => ComparisonDto, {
    description: 'How it compares with `versus`; null where that was not asked for.',
    nullable: true,
  })
  readonly comparison!: ComparisonDto | null;
}
