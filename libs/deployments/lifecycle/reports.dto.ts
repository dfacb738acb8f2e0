import { ArrayField, EnumField, FreeTextField, IdField, IntegerField } from '#http';

import { MAX_BATCH } from '../submission/batches.dto.js';
import { MAX_ATTEMPT, MAX_MESSAGE } from '../fields/deployment-fields.js';
import { OUTCOMES, type Outcome } from './reports.js';

/** What reports the start of an attempt. */
export class StartDeploymentDto {
  @IntegerField({
    description: 'Which attempt has started; the present one when left out.',
    min: 1,
    max: MAX_ATTEMPT,
    optional: true,
    example: 1,
  })
  readonly attempt?: number;
}

/** What reports the end of an attempt. */
export class CompleteDeploymentDto {
  @EnumField(OUTCOMES, { description: 'How it ended.', name: 'Outcome' })
  readonly outcome!: Outcome;

  @IntegerField({
    description: 'Which attempt has ended; the present one when left out.',
    min: 1,
    max: MAX_ATTEMPT,
    optional: true,
    example: 1,
  })
  readonly attempt?: number;

  @FreeTextField({
    description: 'What there is to say about it.',
    max: MAX_MESSAGE,
    optional: true,
    example: 'exit code 0',
  })
  readonly message?: string;
}

/** One report of many. */
export class ReportDto extends CompleteDeploymentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;
}

/** What reports the ends of many attempts. */
export class CompleteBatchDto {
  @ArrayField(() => ReportDto, {
    description: 'The reports. Each stands for itself: one that is refused holds back no other.',
    min: 1,
    max: MAX_BATCH,
  })
  readonly reports!: ReportDto[];
}
