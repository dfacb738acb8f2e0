import { ArrayField, EnumField, FreeTextField, IdField, IntegerField } from '#http';

import { MAX_BATCH } from '../submission/batches.dto.js';
import { ATTEMPT, MAX_MESSAGE } from '../fields/deployment-fields.js';
import { OUTCOMES, type Outcome } from './reports.js';

/** A report of the start of an attempt. */
export class StartDeploymentDto {
  @IntegerField({
    description: 'The attempt that has started; the present one when omitted.',
    ...ATTEMPT,
    optional: true,
  })
  readonly attempt?: number;
}

/** A report of the end of an attempt. */
export class CompleteDeploymentDto {
  @EnumField(OUTCOMES, { description: 'How it ended.', name: 'Outcome' })
  readonly outcome!: Outcome;

  @IntegerField({
    description: 'The attempt that has ended; the present one when omitted.',
    ...ATTEMPT,
    optional: true,
  })
  readonly attempt?: number;

  @FreeTextField({ description: 'A message about the end.', max: MAX_MESSAGE, optional: true, example: 'exit code 0' })
  readonly message?: string;
}

/** One report of many. */
export class ReportDto extends CompleteDeploymentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;
}

/** Reports of the ends of many attempts. */
export class CompleteBatchDto {
  @ArrayField(() => ReportDto, {
    description: 'The reports. A refused one does not affect the others.',
    min: 1,
    max: MAX_BATCH,
  })
  readonly reports!: ReportDto[];
}
