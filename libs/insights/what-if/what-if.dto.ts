import { CapacityChangeDto, PlanningPolicyDto, ResourcesDto } from '#clusters';
import {
  ArrayField,
  BooleanField,
  CountField,
  IdField,
  idRule,
  IntegerField,
  ListField,
  ObjectField,
  StringField,
  TimestampField,
} from '#http';

import { CertificateDto, ReservationDto } from '#scheduler';

import { CandidateDto } from '../parts/preemption-analysis.dto.js';
import { BlockerDto } from '../parts/blocker.dto.js';
import { MAX_NAMED } from './what-if-answer.js';

const MAX_RUNTIME_SECONDS = 366 * 86_400;
const MAX_ENTRIES = 100;
const MAX_ENDED = 1_000;

/** Imagined deployments. */
export class AdditionDto {
  @ObjectField(() => ResourcesDto, { description: 'What each of them needs.' })
  readonly resources!: ResourcesDto;

  @IntegerField({ description: 'From 0 to 100, higher first.', min: 0, max: 100, default: 50, example: 50 })
  readonly priority!: number;

  @IntegerField({
    description: 'How long each may run, in seconds; no limit when left out.',
    min: 1,
    max: MAX_RUNTIME_SECONDS,
    optional: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds?: number;

  @IntegerField({ description: 'How many of them.', min: 1, max: 10_000, default: 1, example: 4 })
  readonly count!: number;
}

/** What a waiting deployment would ask for; what is left out stays. */
export class AmendmentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @ObjectField(() => ResourcesDto, { description: 'What it would need.', optional: true })
  readonly resources?: ResourcesDto;

  @IntegerField({ description: 'Its priority.', min: 0, max: 100, optional: true, example: 60 })
  readonly priority?: number;

  @IntegerField({
    description: 'How long it may run, in seconds; null: no limit.',
    min: 1,
    max: MAX_RUNTIME_SECONDS,
    optional: true,
    nullable: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds?: number | null;
}

/** What is to be different. Nothing of it is done. */
export class WhatIfDto {
  @ArrayField(() => AdditionDto, { description: 'Deployments that are submitted.', max: MAX_ENTRIES, default: [] })
  readonly deployments!: AdditionDto[];

  @ArrayField(() => AmendmentDto, {
    description: 'Waiting deployments that ask for something else.',
    max: MAX_ENTRIES,
    default: [],
  })
  readonly changes!: AmendmentDto[];

  @ListField(idRule({ description: 'A deployment.' }), {
    description: 'Deployments that have ended, or were cancelled.',
    max: MAX_ENDED,
    default: [],
    example: [],
  })
  readonly ended!: string[];

  @ObjectField(() => CapacityChangeDto, { description: 'What the cluster has.', optional: true })
  readonly capacity?: CapacityChangeDto;

  @ObjectField(() => PlanningPolicyDto, { description: 'How it is scheduled; what is left out stays.', optional: true })
  readonly policy?: PlanningPolicyDto;

  @BooleanField({ description: 'Whether it is cordoned; as it is when left out.', optional: true, example: false })
  readonly cordoned?: boolean;
}

/** What becomes of deployments. */
export class OutcomeDto {
  @CountField({ description: 'How many of them start in the next pass.', example: 3 })
  readonly starts!: number;

  @CountField({ description: 'How many of them wait.', example: 1 })
  readonly waits!: number;

  @CountField({
    description:
      'Number of waiting deployments, the oldest, that are nominated: they start when the deployments preempted for them have stopped.',
    example: 0,
  })
  readonly nominations!: number;

  @StringField({
    description: 'Why the oldest of those waits, in plain words; null where none does.',
    min: 1,
    max: 4000,
    nullable: true,
    example: 'It waits because it asks for 4 GPUs and only 1 GPU is free (3 GPUs too few).',
  })
  readonly sentence!: string | null;

  @ArrayField(() => BlockerDto, { description: 'Everything that keeps the oldest of those that wait.', max: 300 })
  readonly blockers!: BlockerDto[];
}

/** What becomes of deployments that are submitted. */
export class AdditionOutcomeDto extends OutcomeDto {
  @IdField({
    description:
      'By which the rest of this answer speaks of the oldest of them, where it has the reservation for instance. There is no such deployment.',
  })
  readonly id!: string;
}

/** What becomes of a deployment that asks for something else. */
export class AmendmentOutcomeDto extends OutcomeDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;
}

/** A number as things are, and as they would be. */
export class CountsDto {
  @CountField({ description: 'As things are.', example: 0 })
  readonly before!: number;

  @CountField({ description: 'With the change.', example: 3 })
  readonly after!: number;
}

/** A deployment that would be nominated. */
export class NominatedDeploymentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @TimestampField({ description: 'When it starts at the latest: the time to stop is over then.' })
  readonly until!: string;
}

/** A running deployment that would be stopped. */
export class VictimDto extends CandidateDto {
  @IdField({
    description:
      'The preemptor: the first of the deployments that start in its place, or are nominated for it; of `deployments`, its id there.',
  })
  readonly preemptorId!: string;
}

/** The cluster’s reservation as things are, and as they would be. */
export class ReservationChangeDto {
  @ObjectField(() => ReservationDto, { description: 'As things are.', nullable: true })
  readonly before!: ReservationDto | null;

  @ObjectField(() => ReservationDto, { description: 'With the change.', nullable: true })
  readonly after!: ReservationDto | null;

  @BooleanField({ description: 'Whether the two differ: in whose it is, or for when it is promised.', example: false })
  readonly moves!: boolean;
}

/** How good the two plans are. */
export class CertificateChangeDto {
  @ObjectField(() => CertificateDto, { description: 'As things are.' })
  readonly before!: CertificateDto;

  @ObjectField(() => CertificateDto, { description: 'With the change.' })
  readonly after!: CertificateDto;
}

const namedRule = idRule({ description: 'A deployment.' });

/** The difference that a change would make to the next pass. */
export class WhatIfAnswerDto {
  @TimestampField({ description: 'When this was true.' })
  readonly asOf!: string;

  @ListField(namedRule, {
    description: 'Deployments that would start, and do not as things are.',
    max: MAX_NAMED,
    example: [],
  })
  readonly starts!: string[];

  @ArrayField(() => NominatedDeploymentDto, {
    description:
      'Deployments that would be nominated, and are not as things are: what runs in their place is given time to stop (`stopGraceSeconds`), and they start as soon as it has.',
    max: MAX_NAMED,
  })
  readonly nominations!: NominatedDeploymentDto[];

  @ListField(namedRule, {
    description: 'Deployments that start, or are nominated, as things are, and would be neither.',
    max: MAX_NAMED,
    example: [],
  })
  readonly waits!: string[];

  @ObjectField(() => CountsDto, { description: 'How many start in the next pass.' })
  readonly placed!: CountsDto;

  @ObjectField(() => CountsDto, { description: 'How many are nominated after it.' })
  readonly nominated!: CountsDto;

  @ObjectField(() => CountsDto, { description: 'How many of those that run are stopped for them.' })
  readonly preempted!: CountsDto;

  @ArrayField(() => VictimDto, {
    description: 'What would be stopped with the change, for those that start then.',
    max: MAX_NAMED,
  })
  readonly victims!: VictimDto[];

  @ArrayField(() => AdditionOutcomeDto, {
    description: 'What becomes of `deployments`, in their order.',
    max: MAX_ENTRIES,
  })
  readonly deployments!: AdditionOutcomeDto[];

  @ArrayField(() => AmendmentOutcomeDto, {
    description: 'What becomes of `changes`, in their order.',
    max: MAX_ENTRIES,
  })
  readonly changes!: AmendmentOutcomeDto[];

  @ObjectField(() => ReservationChangeDto, { description: 'The cluster’s reservation.' })
  readonly reservation!: ReservationChangeDto;

  @ObjectField(() => CertificateChangeDto, { description: 'How good the two plans are.' })
  readonly certificate!: CertificateChangeDto;
}
