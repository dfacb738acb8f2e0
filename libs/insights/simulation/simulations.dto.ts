import { CapacityDto, PlanningPolicyDto, ResourcesDto } from '#clusters';
import {
  ArrayField,
  BooleanField,
  DecimalField,
  EnumField,
  IntegerField,
  ListField,
  ObjectField,
  ObjectRule,
  StringField,
  stringRule,
  TimestampField,
} from '#http';
import { PROBLEM_LIMITS, OWNED_STATES, type OwnedReservation } from '#packing';
import { CertificateDto } from '#scheduler';

import { BlockerFactsDto } from '../parts/blocker.dto.js';

/** Ten thousand that wait and ten thousand that run fit in. */
export const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

const MANY = Number.MAX_SAFE_INTEGER;
const MAX_OF_EACH = 10_000;
const ID = PROBLEM_LIMITS.idLength;
const NOW = '2026-01-01T00:00:00Z';

interface Fault {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** The first of some fields that is no time between 1970 and 9900. */
function outOfRange<T extends object>(value: T, fields: readonly (keyof T & string)[]): Fault | undefined {
  const wrong = fields.find((field) => {
    const text: unknown = value[field];
    const { min, max } = PROBLEM_LIMITS.timeMs;
    const timeMs = typeof text === 'string' ? Date.parse(text) : min;
    return !(timeMs >= min && timeMs <= max);
  });
  return wrong === undefined ? undefined : { field: wrong, code: 'out-of-range', message: 'must be from 1970 to 9899' };
}

function emptyRequest({ resources: { cpu, memoryMib, gpu } }: { readonly resources: ResourcesDto }): Fault | undefined {
  return cpu === 0 && memoryMib === 0 && gpu === 0
    ? { field: 'resources', code: 'all-zero', message: 'must ask for something: at least one amount above 0' }
    : undefined;
}

const RUNTIME = {
  ...PROBLEM_LIMITS.maxRuntimeSeconds,
  optional: true,
  nullable: true,
  example: 3600,
} as const;

/** A deployment that has resources. */
@ObjectRule<SimulationRunningDto>((running) => emptyRequest(running) ?? outOfRange(running, ['startedAt']))
export class SimulationRunningDto {
  @StringField({
    description: 'Its id, any text; among what is preemptible no other has it.',
    ...ID,
    example: 'a',
  })
  readonly id!: string;

  @IntegerField({ description: 'From 0 to 100, higher first.', ...PROBLEM_LIMITS.priority, example: 50 })
  readonly priority!: number;

  @ObjectField(() => ResourcesDto, { description: 'What it has.' })
  readonly resources!: ResourcesDto;

  @TimestampField({ description: 'Since when.', example: '2025-12-31T23:00:00Z' })
  readonly startedAt!: string;

  @IntegerField({ description: 'How long it may run, in seconds; null or left out: unknown.', ...RUNTIME })
  readonly maxRuntimeSeconds?: number | null;

  @BooleanField({
    description: 'Whether it may be given up for what waits with a higher priority, where the policy allows that.',
    optional: true,
    example: false,
  })
  readonly preemptible?: boolean;

  @IntegerField({
    description: 'How often that has happened to it.',
    ...PROBLEM_LIMITS.preemptions,
    optional: true,
    example: 0,
  })
  readonly preemptions?: number;
}

/** A deployment that waits. */
@ObjectRule<SimulationQueuedDto>((queued) => emptyRequest(queued) ?? outOfRange(queued, ['queuedAt']))
export class SimulationQueuedDto {
  @StringField({ description: 'Its id, any text; no other in `queue` has it.', ...ID, example: 'b' })
  readonly id!: string;

  @IntegerField({ description: 'From 0 to 100, higher first.', ...PROBLEM_LIMITS.priority, example: 50 })
  readonly priority!: number;

  @ObjectField(() => ResourcesDto, { description: 'What it needs.' })
  readonly resources!: ResourcesDto;

  @TimestampField({ description: 'Since when it waits.', example: '2025-12-31T23:30:00Z' })
  readonly queuedAt!: string;

  @IntegerField({ description: 'How long it may run, in seconds; null or left out: unknown.', ...RUNTIME })
  readonly maxRuntimeSeconds?: number | null;
}

/** The reservation that stands before the plan. */
@ObjectRule<SimulationReservationDto>((reservation) =>
  reservation.state === 'promised' && (reservation.promisedAt ?? null) === null
    ? { field: 'promisedAt', code: 'required', message: 'is required where the state is promised' }
    : outOfRange(reservation, ['promisedAt', 'since', 'until']),
)
export class SimulationReservationDto {
  @StringField({
    description: 'The deployment that has it. Without such a deployment in `queue` there is no reservation.',
    ...ID,
    example: 'b',
  })
  readonly id!: string;

  @TimestampField({ description: 'When it starts: given exactly when promised.', optional: true, nullable: true })
  readonly promisedAt?: string | null;

  @EnumField(OWNED_STATES, {
    description: '`promised` exactly where `promisedAt` is given; otherwise what ends is gathered for it.',
    name: 'ReservationState',
    optional: true,
  })
  readonly state?: OwnedReservation['state'];

  @TimestampField({ description: 'Since when; now when left out.', optional: true, nullable: true })
  readonly since?: string | null;

  @TimestampField({
    description: 'Where what ends is gathered for it: when that is expected to suffice; now when left out.',
    optional: true,
    nullable: true,
  })
  readonly until?: string | null;
}

/** An imagined cluster. */
@ObjectRule<SimulationRequestDto>((problem) => outOfRange(problem, ['now']))
export class SimulationRequestDto {
  @ObjectField(() => CapacityDto, { description: 'What there is.' })
  readonly capacity!: CapacityDto;

  @TimestampField({ description: 'The moment of the plan.', example: NOW })
  readonly now!: string;

  @ObjectField(() => PlanningPolicyDto, {
    description: 'How it is scheduled; what is left out is as for a new cluster.',
    optional: true,
    nullable: true,
  })
  readonly policy?: PlanningPolicyDto | null;

  @ObjectField(() => SimulationReservationDto, {
    description: 'The reservation that stands, if one does.',
    optional: true,
    nullable: true,
  })
  readonly reservation?: SimulationReservationDto | null;

  @ArrayField(() => SimulationRunningDto, { description: 'What has resources.', max: MAX_OF_EACH, default: [] })
  readonly running!: SimulationRunningDto[];

  @ArrayField(() => SimulationQueuedDto, { description: 'What waits.', max: MAX_OF_EACH })
  readonly queue!: SimulationQueuedDto[];
}

/** A reservation that stands after a plan. */
export class PlannedReservationDto {
  @StringField({ description: 'Whose it is.', ...ID, example: 'b' })
  readonly id!: string;

  @TimestampField({ description: 'When it starts; set exactly when promised.', nullable: true })
  readonly promisedAt!: string | null;

  @EnumField(OWNED_STATES, { description: 'As in a pass.', name: 'ReservationState', example: 'promised' })
  readonly state!: OwnedReservation['state'];

  @TimestampField({ description: 'Since when it is in this state.' })
  readonly since!: string;

  @TimestampField({ description: 'When what ends is expected to suffice; null where it is promised.', nullable: true })
  readonly until!: string | null;
}

/** One reason why a deployment of a problem waits. Which fields there are depends on the code. */
export class SimulationBlockerDto extends BlockerFactsDto {
  @StringField({ description: 'RESERVATION: the deployment that has it.', ...ID, optional: true, example: 'a' })
  readonly id?: string;
}

/** A deployment that starts when what is preempted for it has stopped. */
export class PlannedNominationDto {
  @StringField({ description: 'Its id.', ...ID, example: 'b' })
  readonly id!: string;

  @TimestampField({ description: 'When it starts at the latest: the time to stop is over then.' })
  readonly until!: string;
}

/** A deployment that the plan leaves waiting. */
export class PlannedWaitingDto {
  @StringField({ description: 'Its id.', ...ID, example: 'b' })
  readonly id!: string;

  @ArrayField(() => SimulationBlockerDto, { description: 'Everything that keeps it.', max: 300 })
  readonly blockers!: SimulationBlockerDto[];
}

/** How much is used: the sum over resources of used by capacity. More than there is, where more runs than fits. */
export class PlannedUtilizationDto {
  @DecimalField({ description: 'Reached.', min: 0, max: MANY, maxDecimals: 20, example: 2.41 })
  readonly value!: number;

  @DecimalField({
    description: 'Not to be exceeded with these counts.',
    min: 0,
    max: MANY,
    maxDecimals: 20,
    example: 2.42,
  })
  readonly upperBound!: number;
}

/** The proof that goes with the plan of a problem. */
export class PlannedCertificateDto extends CertificateDto {}

// More may run than fits: only the rule is declared again.
ObjectField(() => PlannedUtilizationDto, { description: 'Utilization after the plan.' })(
  PlannedCertificateDto.prototype,
  'utilization',
);

const idRule = stringRule({ description: 'A deployment.', ...ID });

/** The plan of a problem. */
export class SimulatedPlanDto {
  @ListField(idRule, { description: 'Who starts.', max: MAX_OF_EACH, example: ['b'] })
  readonly place!: string[];

  @ListField(idRule, {
    description: 'Running deployments that are preempted for those that start, or are nominated.',
    max: MAX_OF_EACH,
    example: [],
  })
  readonly preempt!: string[];

  @ArrayField(() => PlannedNominationDto, {
    description:
      'Deployments that start as soon as what is preempted for them has stopped, where the policy grants it time for that (`stopGraceSeconds`).',
    max: MAX_OF_EACH,
  })
  readonly nominations!: PlannedNominationDto[];

  @ObjectField(() => PlannedReservationDto, { description: 'The reservation that stands then.', nullable: true })
  readonly reservation!: PlannedReservationDto | null;

  @ObjectField(() => PlannedCertificateDto, { description: 'How good the plan is.' })
  readonly certificate!: PlannedCertificateDto;

  @ArrayField(() => PlannedWaitingDto, { description: 'Who waits, and why.', max: MAX_OF_EACH })
  readonly waiting!: PlannedWaitingDto[];

  @IntegerField({
    description:
      'How many more wait that are not told of, because there are more than 100,000 blockers, or the time of the answer was over.',
    min: 0,
    max: MAX_OF_EACH,
    example: 0,
  })
  readonly omittedCount!: number;

  @DecimalField({
    description: 'How long planning took, in milliseconds.',
    min: 0,
    max: MANY,
    maxDecimals: 3,
    example: 1.25,
  })
  readonly elapsedMs!: number;
}
