import { BooleanField, idRule, IntegerField, ListField, ObjectField } from '#http';

import { type DeploymentStatus } from '../states/deployment-status.js';
import { MAX_SAMPLE } from './bulk-cancellations.service.js';
import { FILTER_FIELDS } from '../filter/filter-fields.js';

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER, example: 12 } as const;

/** The deployments of a cluster to cancel. All conditions must hold. */
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

/** A request to cancel many deployments. */
export class CancelDeploymentsDto {
  @ObjectField(() => CancellationFilterDto, {
    description: 'The deployments; an empty filter means all deployments of the cluster that have not ended.',
  })
  readonly filter!: CancellationFilterDto;

  @BooleanField({ description: 'With true, nothing is cancelled.', default: false })
  readonly dryRun!: boolean;
}

/** The result of a cancellation in bulk. */
export class BulkCancellationDto {
  @IntegerField({ description: 'How many met the filter, could be cancelled, and were yours to cancel.', ...COUNT })
  readonly matched!: number;

  @IntegerField({ description: 'How many more met the filter, but were submitted by others.', ...COUNT, example: 0 })
  readonly notOwned!: number;

  @IntegerField({
    description:
      'How many were cancelled. None by a dry run; fewer than `matched` where some ended, or ceased to meet the filter, meanwhile.',
    ...COUNT,
  })
  readonly cancelled!: number;

  @IntegerField({
    description:
      'How many of them are `stopping`: they have a grace (`stopGraceSeconds`), and are cancelled after that.',
    ...COUNT,
    example: 0,
  })
  readonly stopping!: number;

  @ListField(idRule({ description: 'A deployment.' }), {
    description: 'Some of the deployments that a dry run counted; empty without `dryRun`.',
    max: MAX_SAMPLE,
  })
  readonly sample!: readonly string[];
}
