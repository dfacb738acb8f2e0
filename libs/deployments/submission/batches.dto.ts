import { ArrayField, IdField, IntegerField, ObjectField, ProblemDto } from '#http';

import { MAX_ATTEMPT } from '../fields/deployment-fields.js';

/** The most deployments or reports of one batch. */
export const MAX_BATCH = 10_000;

/** The most lines of a batch of lines. */
export const MAX_LINES = 100_000;

/** The number of refused lines that ends a batch. */
export const MAX_REFUSED_LINES = 10_000;

/** The most bytes of a batch's body: 10,000 items of 800 bytes. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;

/** The result of one item of a batch: `id`, or `problem`. */
export class BatchResultDto {
  @IntegerField({ description: 'The index of the item, from 0.', min: 0, max: MAX_BATCH - 1, example: 0 })
  readonly index!: number;

  @IdField({ description: 'The deployment, when the item was accepted.', optional: true })
  readonly id?: string;

  @ObjectField(() => ProblemDto, { description: 'Why the item was refused.', optional: true })
  readonly problem?: ProblemDto;
}

/** The results of the items of a batch. */
export class BatchDto {
  @ArrayField(() => BatchResultDto, { description: 'One entry per item, in their order.', max: MAX_BATCH })
  readonly results!: BatchResultDto[];
}

/** The summary of a batch of lines. */
export class BatchSummaryDto {
  @IntegerField({ description: 'Processed lines, without blank ones.', min: 0, max: MAX_LINES, example: 2 })
  readonly lines!: number;

  @IntegerField({ description: 'How many of them are queued.', min: 0, max: MAX_LINES, example: 2 })
  readonly accepted!: number;

  @IntegerField({ description: 'How many of them were refused.', min: 0, max: MAX_LINES, example: 0 })
  readonly refused!: number;
}

/** A line of the answer to a batch of lines: the result of one line, the problem that ended the stream early, or, last, the summary. */
export class BatchLineDto {
  @IntegerField({
    description: 'The index of the line, from 0, blank ones counted.',
    min: 0,
    max: MAX_ATTEMPT,
    optional: true,
    example: 0,
  })
  readonly index?: number;

  @IdField({ description: 'The deployment, when the line was accepted.', optional: true })
  readonly id?: string;

  @ObjectField(() => ProblemDto, {
    description:
      'Why the line was refused, with pointers that begin at the line; without `index`, why no further line is processed.',
    optional: true,
  })
  readonly problem?: ProblemDto;

  @ObjectField(() => BatchSummaryDto, {
    description: 'Only in the last line: an answer without it was cut off.',
    optional: true,
  })
  readonly summary?: BatchSummaryDto;
}
