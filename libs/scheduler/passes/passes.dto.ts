import { ClusterResourcesDto, DeploymentResourcesDto } from '#clusters';
import {
  ArrayField,
  BooleanField,
  CountField,
  DecimalField,
  EnumField,
  IdField,
  IntegerField,
  ListField,
  ObjectField,
  stringRule,
  TimestampField,
} from '#http';
import { OWNED_STATES, type ReservationEvent, type OwnedReservation } from '#packing';

const MANY = Number.MAX_SAFE_INTEGER;

const RESERVATION_KINDS = [
  'promised',
  'moved-earlier',
  'moved-later',
  'started',
  'nominated',
  'gathering',
  'withdrawn',
] as const satisfies readonly ReservationEvent['kind'][];

const RESERVATION_CAUSES = [
  'waited-long-enough',
  'fits-now',
  'runtimes-as-declared',
  'higher-priority',
  'capacity-lost',
  'runtime-overdue',
  'no-longer-waiting',
  'too-large',
  'cordoned',
  'policy',
] as const satisfies readonly ReservationEvent['cause'][];

/** What stays of the work at one priority that could be given up for higher ones. */
export class PreemptionCertificateDto {
  @CountField({ description: 'Deployments of this priority that run and might be preempted.', example: 4 })
  readonly eligibleCount!: number;

  @CountField({ description: 'How many of them stay.', example: 3 })
  readonly retainedCount!: number;

  @CountField({
    description:
      'The work that stays: seconds that each has run, times the largest share of the capacity that it holds, in thousandths.',
    example: 900000,
  })
  readonly retainedWork!: number;

  @CountField({
    description: 'No plan keeps more work here that does as well at every higher priority.',
    example: 900000,
  })
  readonly upperBound!: number;
}

/** How much the starts of a priority use, where utilization is the objective. */
export class LevelUtilizationDto {
  @CountField({
    description:
      'Units that the whole of one resource is. A request counts its share of each resource in whole units, rounded up where no unit divides all shares evenly. 0: too many may start for whole numbers to compare, and only starts are counted.',
    example: 64000,
  })
  readonly unitsPerResource!: number;

  @CountField({ description: 'Units that are used by what starts, over all resources.', example: 90100 })
  readonly reached!: number;

  @CountField({
    description: 'No choice uses more here, beside what starts at every higher priority.',
    example: 90112,
  })
  readonly upperBound!: number;

  @CountField({
    description:
      'How far the two are apart, in thousandths of the cluster (all its resources together), rounded up; 0: proven.',
    example: 1,
  })
  readonly gapThousandths!: number;
}

/** What was reached in one slice of the shapes of a priority. */
export class SliceCertificateDto {
  @CountField({ description: 'Shapes of the slice.', min: 1, example: 2000 })
  readonly shapes!: number;

  @CountField({
    description: 'Deployments of the slice that the plan starts, without those for which resources were set aside.',
    example: 12,
  })
  readonly placed!: number;

  @CountField({
    description: 'No plan starts more here that starts as many at every higher priority and in every older slice.',
    example: 12,
  })
  readonly upperBound!: number;

  @ObjectField(() => LevelUtilizationDto, {
    description: 'How much the slice uses; present where utilization is the objective.',
    optional: true,
  })
  readonly utilization?: LevelUtilizationDto;
}

/** What was reached at one priority. */
export class LevelCertificateDto {
  @IntegerField({ description: 'The priority.', min: 0, max: 100, example: 50 })
  readonly priority!: number;

  @CountField({
    description:
      'Deployments that the plan starts at this priority, at once or as soon as what was preempted for them has stopped: nominated deployments count, too.',
    example: 12,
  })
  readonly placed!: number;

  @CountField({
    description:
      'No plan starts more here that starts as many at every higher priority. Where there are `slices` it holds for plans that also start as many in every older slice. Where utilization is the objective: no choice that uses as much as `utilization.upperBound` starts more here, beside what starts at every higher priority.',
    example: 12,
  })
  readonly upperBound!: number;

  @ObjectField(() => LevelUtilizationDto, {
    description: 'How much the priority uses; present where utilization is the objective.',
    optional: true,
  })
  readonly utilization?: LevelUtilizationDto;

  @ArrayField(() => SliceCertificateDto, {
    description:
      'Present where more than 2,000 shapes wait at this priority. They are divided by the age of the oldest deployment of each shape into slices of 2,000, and an older slice is planned before a younger one.',
    max: MANY,
    optional: true,
  })
  readonly slices?: SliceCertificateDto[];

  @ObjectField(() => PreemptionCertificateDto, {
    description: 'What stays of what runs at this priority; present where something of it might be preempted.',
    optional: true,
  })
  readonly preemption?: PreemptionCertificateDto;
}

/** How much is used after a plan: the sum over resources of used by capacity. */
export class UtilizationCertificateDto {
  @DecimalField({ description: 'Reached.', min: 0, max: 3, maxDecimals: 20, example: 2.41 })
  readonly value!: number;

  @DecimalField({
    description:
      'Not to be exceeded with these counts. Where utilization is the objective: what is reached, and what the levels leave open.',
    min: 0,
    max: 4,
    maxDecimals: 20,
    example: 2.42,
  })
  readonly upperBound!: number;
}

/** The proof that goes with a plan. */
export class CertificateDto {
  @BooleanField({
    description:
      'True when at every level what is placed, the work that is kept, and utilization where it is the objective, equal their bounds. Where a level has `slices`, its bound is that of planning slice after slice.',
    example: true,
  })
  readonly optimal!: boolean;

  @EnumField(['none', 'budget', 'deadline'], {
    description:
      'Why the search ended early, if it did: `budget` after the steps that the policy allows, `deadline` by the clock. `stowage-admin plan --stop-at-steps` repeats a plan that was ended by the clock.',
    name: 'SearchStop',
    example: 'none',
  })
  readonly stopped!: 'none' | 'budget' | 'deadline';

  @CountField({
    description: 'Steps that were used. Of a plan that the clock has ended: where it was ended.',
    example: 120,
  })
  readonly steps!: number;

  @ArrayField(() => LevelCertificateDto, { description: 'Per priority, from the highest.', max: 101 })
  readonly levels!: LevelCertificateDto[];

  @ObjectField(() => UtilizationCertificateDto, { description: 'Utilization after the plan.' })
  readonly utilization!: UtilizationCertificateDto;
}

/** How long the stages of a pass took, in milliseconds. */
export class PassDurationsDto {
  @DecimalField({
    description: 'Taking signals, ending what is over, releasing.',
    min: 0,
    max: MANY,
    maxDecimals: 2,
    example: 2.1,
  })
  readonly settle!: number;

  @DecimalField({ description: 'Reading what the plan depends on.', min: 0, max: MANY, maxDecimals: 2, example: 0.8 })
  readonly snapshot!: number;

  @DecimalField({ description: 'Planning.', min: 0, max: MANY, maxDecimals: 2, example: 1.9 })
  readonly plan!: number;

  @DecimalField({ description: 'Making the plan real.', min: 0, max: MANY, maxDecimals: 2, example: 5.2 })
  readonly apply!: number;
}

/** A promise to one waiting deployment. */
export class ReservationDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @EnumField(OWNED_STATES, {
    description:
      '`promised`: it starts at `promisedAt` at the latest. `gathering`: what ends is kept for it, and it is expected to start by `until`.',
    name: 'ReservationState',
  })
  readonly state!: OwnedReservation['state'];

  @TimestampField({ description: 'Since when it is in this state.' })
  readonly since!: string;

  @TimestampField({ description: 'When it starts; set exactly when promised.', nullable: true })
  readonly promisedAt!: string | null;

  @TimestampField({ description: 'When what ends is expected to suffice; null where it is promised.', nullable: true })
  readonly until!: string | null;
}

/** One thing that happened to a reservation. */
export class ReservationEventDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @EnumField(RESERVATION_KINDS, { description: 'What happened.', name: 'ReservationEventKind' })
  readonly kind!: ReservationEvent['kind'];

  @EnumField(RESERVATION_CAUSES, { description: 'Why.', name: 'ReservationCause' })
  readonly cause!: ReservationEvent['cause'];

  @TimestampField({ description: 'For when it is promised now; null where no time can be promised.', nullable: true })
  readonly promisedAt!: string | null;
}

/** What one pass of the scheduler saw and did. */
export class PassDto {
  @IdField({ description: 'The pass.' })
  readonly id!: string;

  @ListField(stringRule({ description: 'A reason.', max: 50, example: 'submitted' }), {
    description:
      'Why it ran: `submitted`, `edited`, `ended`, `cancelled`, `cluster-changed`, `more-to-do`; `sweep`: something was due by time; `repair`: it corrected the ledger.',
    max: 20,
    example: ['ended', 'submitted'],
  })
  readonly triggers!: string[];

  @TimestampField({ description: 'When it began.' })
  readonly startedAt!: string;

  @TimestampField({ description: 'When it ended.' })
  readonly finishedAt!: string;

  @CountField({ description: 'Deployments that waited.', example: 40 })
  readonly waiting!: number;

  @CountField({ description: 'Distinct shapes among them.', example: 7 })
  readonly shapes!: number;

  @CountField({ description: 'Deployments scheduled.', example: 12 })
  readonly placed!: number;

  @CountField({ description: 'Deployments whose resources came back.', example: 3 })
  readonly released!: number;

  @CountField({ description: 'Deployments that had run too long.', example: 0 })
  readonly timedOut!: number;

  @CountField({
    description: 'Deployments that gave way to a higher priority, or were asked to stop for it.',
    example: 1,
  })
  readonly preempted!: number;

  @BooleanField({ description: 'True when more was due than one pass does; another one followed.', example: false })
  readonly isPartial!: boolean;

  @ObjectField(() => CertificateDto, { description: 'How good the plan is.' })
  readonly certificate!: CertificateDto;

  @ObjectField(() => ReservationDto, {
    description: 'The reservation that stands after the pass: at most one per cluster.',
    nullable: true,
  })
  readonly reservation!: ReservationDto | null;

  @ArrayField(() => ReservationEventDto, {
    description: 'What happened to reservations, in order, each with its cause.',
    max: 1000,
  })
  readonly reservationEvents!: ReservationEventDto[];

  @ObjectField(() => PassDurationsDto, { description: 'How long its stages took, in milliseconds.' })
  readonly durationsMs!: PassDurationsDto;
}

/** Deployments of one shape, as a pass saw them. */
export class SnapshotShapeDto {
  @IntegerField({ description: 'Their priority.', min: 0, max: 100, example: 50 })
  readonly priority!: number;

  @ObjectField(() => DeploymentResourcesDto, { description: 'What each of them asks for.' })
  readonly resources!: DeploymentResourcesDto;

  @CountField({
    description: 'How long each may run, in seconds; null: no limit.',
    min: 1,
    nullable: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds!: number | null;

  @CountField({ description: 'How many waited.', example: 12 })
  readonly waiting!: number;

  @CountField({ description: 'How many of them the plan starts.', example: 3 })
  readonly placed!: number;
}

/** A deployment that a pass preempted. */
export class PreemptedDto {
  @IdField({ description: 'The deployment.' })
  readonly deploymentId!: string;

  @IntegerField({ description: 'Its priority.', min: 0, max: 100, example: 10 })
  readonly priority!: number;

  @IntegerField({ description: 'The priority that it gave way to.', min: 0, max: 100, example: 90 })
  readonly preemptorPriority!: number;

  @CountField({ description: 'How long it had run, in seconds.', example: 1234 })
  readonly lostSeconds!: number;
}

/** What a pass saw. */
export class PassSnapshotDto {
  @ObjectField(() => ClusterResourcesDto, { description: 'What the cluster had.' })
  readonly capacity!: ClusterResourcesDto;

  @ObjectField(() => ClusterResourcesDto, { description: 'What of it was allocated before the plan.' })
  readonly allocated!: ClusterResourcesDto;

  @BooleanField({ description: 'Whether nothing could start, whatever the reason.', example: false })
  readonly cordoned!: boolean;

  @ArrayField(() => SnapshotShapeDto, { description: 'What waited, by shape, highest priority first.', max: 10_000 })
  readonly shapes!: SnapshotShapeDto[];

  @ArrayField(() => PreemptedDto, {
    description: 'What the plan gave up for a higher priority, the lowest priority first.',
    max: 10_000,
  })
  readonly preempted!: PreemptedDto[];
}

/** What one pass saw and did, with the shapes that it saw. */
export class PassDetailDto extends PassDto {
  @ObjectField(() => PassSnapshotDto, {
    description:
      'What it saw, by shape. Null where that is not kept: of a pass that decided nothing, saw too much, or ran longer ago than such details are kept.',
    nullable: true,
  })
  readonly snapshot!: PassSnapshotDto | null;
}
