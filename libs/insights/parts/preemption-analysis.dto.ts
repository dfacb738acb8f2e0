import {
  ArrayField,
  BooleanField,
  CountField,
  EnumField,
  IdField,
  IntegerField,
  StringField,
  TimestampField,
} from '#http';
import { type IneligibleReason } from '#packing';

import { MAX_CANDIDATES } from './preemption-analysis.js';
import { ReservedResourceDto } from './reserved-resource.dto.js';

const STAY_REASONS = [
  'not-lower',
  'not-preemptible',
  'not-considered',
  'too-often',
  'too-new',
  'stopping',
] as const satisfies readonly IneligibleReason[];

/** A running deployment that is, or could be, stopped. */
export class CandidateDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @StringField({ description: 'Its name.', min: 1, max: 128, example: 'train-resnet' })
  readonly name!: string;

  @IntegerField({ description: 'Its priority.', min: 0, max: 100, example: 10 })
  readonly priority!: number;

  @CountField({ description: 'For how long it has run, in seconds: what is lost.', example: 340 })
  readonly lostSeconds!: number;
}

/** So much of what runs is not stopped, for one reason. */
export class StayingDto {
  @EnumField(STAY_REASONS, {
    description:
      '`not-lower`: it has the same priority or a higher one. `not-preemptible`: it is not marked so. `not-considered`: it is marked so, and left out, because no more than 5,000 are looked at. `too-often`: it has been stopped for others as often as the policy allows. `too-new`: it has not run for as long as the policy grants. `stopping`: it stops already.',
    name: 'IneligibleReason',
    example: 'not-preemptible',
  })
  readonly reason!: IneligibleReason;

  @CountField({ description: 'How many.', min: 1, example: 3 })
  readonly deployments!: number;

  @TimestampField({ description: 'too-new: when the first of them may be stopped.', nullable: true })
  readonly until!: string | null;
}

/** Whether what runs is, or could be, stopped for a deployment, and what forbids it. */
export class PreemptionAnalysisDto {
  @BooleanField({ description: 'Whether the policy of the cluster allows it at all.', example: true })
  readonly allowed!: boolean;

  @StringField({
    description: 'The same in plain words.',
    min: 1,
    max: 4000,
    example: 'Nothing that runs is stopped for it: this cluster does not allow that.',
  })
  readonly sentence!: string;

  @ArrayField(() => CandidateDto, {
    description:
      'What the next pass stops so that those like it start. Where it is nominated: what is being stopped for those that have one.',
    max: MAX_CANDIDATES,
  })
  readonly victims!: CandidateDto[];

  @ArrayField(() => CandidateDto, {
    description:
      'What else could be stopped, as far as its own marks go: of lower priority, preemptible, and long enough at work.',
    max: MAX_CANDIDATES,
  })
  readonly candidates!: CandidateDto[];

  @ArrayField(() => StayingDto, { description: 'All other that runs, by what keeps it.', max: 5 })
  readonly ineligible!: StayingDto[];

  @ArrayField(() => ReservedResourceDto, {
    description: 'What there would be too little of even if all candidates were stopped.',
    max: 3,
  })
  readonly shortfall!: ReservedResourceDto[];
}
