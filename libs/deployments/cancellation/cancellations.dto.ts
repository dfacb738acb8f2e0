import { BooleanField, idRule, IntegerField, ListField, ObjectField } from '#http';

import { type DeploymentStatus } from '../states/deployment-status.js';
import { MAX_SAMPLE } from './bulk-cancellations.service.js';
import { FILTER_FIELDS } from '../filter/filter-fields.js';

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER, example: 12 } as const;

/** Which deployments of a cluster are to be cancelled: all that meet every condition. */
export class CancellationFilterDto {
  @FILTER_FIELDS.status()
  readonly status?: DeploymentStatus[];

  @FILTER_FIELDS.label()
  readonly label?: string;

  @FILTER_FIELDS.submittedBy()
  readonly submittedBy?: string;

  @FILTER_FIELDS.queuedFrom()
  readonly queuedFrom?: string;

  @FILTER_FIELDS.queuedBefore()
  readonly queuedBefore?: string;

  @FILTER_FIELDS.namePrefix()
  readonly namePrefix?: string;

  @FILTER_FIELDS.minPriority()
  readonly minPriority?: number;

  @FILTER_FIELDS.maxPriority()
  readonly maxPriority?: number;
}

/** What cancels many deployments. */
export class CancelDeploymentsDto {
  @ObjectField(() => CancellationFilterDto, {
    description: 'Which ones; an empty filter means everything in the cluster that is not over.',
  })
  readonly filter!: CancellationFilterDto;

  @BooleanField({ description: 'With true, nothing is cancelled.', default: false })
  readonly dryRun!: boolean;
}

/** What became of it. */
export class BulkCancellationDto {
  @IntegerField({ description: 'How many met the filter, could be cancelled, and were yours to cancel.', ...COUNT })
  readonly matched!: number;

  @IntegerField({ description: "How many more met the filter, but are somebody else's.", ...COUNT, example: 0 })
  readonly notOwned!: number;

  @IntegerField({
    description:
      'How many were cancelled. None by a dry run; fewer than `matched` where some ended, or ceased to meet the filter, meanwhile.',
    ...COUNT,
  })
  readonly cancelled!: number;

  @IntegerField({
    description:
      'How many of them are `stopping`: they are granted time to stop (`stopGraceSeconds`), and cancelled after that.',
    ...COUNT,
    example: 0,
  })
  readonly stopping!: number;

  @ListField(idRule({ description: 'A deployment.' }), {
    description: 'Some of those that a dry run counted; empty without `dryRun`.',
    max: MAX_SAMPLE,
  })
  readonly sample!: readonly string[];
}
