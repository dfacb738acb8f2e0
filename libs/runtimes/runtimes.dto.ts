import {
  CountField,
  DecimalField,
  IdField,
  IntegerField,
  ObjectField,
  PageQuery,
  StringField,
  TimestampField,
} from '#http';

import { MAX_RUNS } from './history.js';

const IMAGE = { max: 512, example: 'docker.io/library/python' };
const LONGEST = 2_147_483_647;

/** Of which image and member. */
export class RuntimesQuery extends PageQuery {
  @StringField({ description: 'Only runs of this image, whatever its tag or digest.', ...IMAGE, optional: true })
  readonly image?: string;

  @IdField({ description: 'Only runs of this member.', optional: true })
  readonly member?: string;
}

/** What is to be forgotten. */
export class ForgetRuntimesQuery {
  @StringField({ description: 'Only runs of this image, whatever its tag or digest.', ...IMAGE, optional: true })
  readonly image?: string;

  @IdField({ description: 'Only runs of this member.', optional: true })
  readonly member?: string;
}

/** Quantiles of runtimes. */
export class RuntimeQuantilesDto {
  @IntegerField({ description: 'One of ten runs took no longer.', min: 1, max: LONGEST, example: 240 })
  readonly p10!: number;

  @IntegerField({
    description: 'Half of the runs took no longer: the typical runtime.',
    min: 1,
    max: LONGEST,
    example: 1_800,
  })
  readonly p50!: number;

  @IntegerField({ description: 'Nine of ten runs took no longer.', min: 1, max: LONGEST, example: 5_400 })
  readonly p90!: number;
}

const SHARE = { min: 0, max: 1, maxDecimals: 6 };

/** Quantiles of runtimes as shares of what was declared. */
export class DeclaredShareDto {
  @DecimalField({ description: 'One of ten runs took no more of what it declared.', ...SHARE, example: 0.02 })
  readonly p10!: number;

  @DecimalField({ description: 'Half of the runs took no more of what they declared.', ...SHARE, example: 0.15 })
  readonly p50!: number;

  @DecimalField({ description: 'Nine of ten runs took no more of what they declared.', ...SHARE, example: 0.8 })
  readonly p90!: number;
}

/** How long the runs of one image and member took. */
export class LearnedRuntimeDto {
  @StringField({ description: 'The image in normal form, without tag and digest.', ...IMAGE })
  readonly image!: string;

  @IdField({ description: 'The member or service account that submitted them.' })
  readonly memberId!: string;

  @CountField({
    description: 'How many runs have ended by themselves or at their limit since learning began.',
    example: 120,
  })
  readonly totalRuns!: number;

  @CountField({
    description: `How many of them the quantiles are of: for each request, declared runtime and cluster the latest ${MAX_RUNS}.`,
    example: 50,
  })
  readonly recentRuns!: number;

  @CountField({
    description:
      'How many of these ran for all of their declared runtime: they would have taken longer, and count with their limit.',
    example: 2,
  })
  readonly limitedRuns!: number;

  @ObjectField(() => RuntimeQuantilesDto, { description: 'How long they took, in seconds.' })
  readonly seconds!: RuntimeQuantilesDto;

  @ObjectField(() => DeclaredShareDto, {
    description: 'The same as a share of the declared runtime, of those that declared one; null where none did.',
    nullable: true,
  })
  readonly declaredShare!: DeclaredShareDto | null;

  @TimestampField({ description: 'When a pass saw the last of them end.' })
  readonly lastEndedAt!: string;
}
