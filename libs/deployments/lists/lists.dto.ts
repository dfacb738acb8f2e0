import { DeploymentResourcesDto } from '#clusters';
import {
  EnumField,
  enumRule,
  IdField,
  IntegerField,
  ListField,
  NameField,
  ObjectField,
  PageQuery,
  TimestampField,
} from '#http';
import { BLOCKER_CODES, type BlockerCode } from '#packing';

import { type DeploymentStatus } from '../states/deployment-status.js';
import { ATTEMPT, PRIORITY } from '../fields/deployment-fields.js';
import { FILTER_FIELDS, type FilterInput } from '../filter/filter-fields.js';
import { DEPLOYMENT_SORTS, type DeploymentSort } from './id-range.js';

const MAX_INTEGER = 2_147_483_647;

/** A query for deployments. */
export class ListDeploymentsQuery extends PageQuery implements FilterInput {
  @FILTER_FIELDS.clusterId()
  readonly clusterId?: string;

  @FILTER_FIELDS.status()
  readonly status?: readonly DeploymentStatus[];

  @FILTER_FIELDS.label()
  readonly label?: string;

  @FILTER_FIELDS.submittedBy()
  readonly submittedBy?: string;

  @FILTER_FIELDS.queuedFrom()
  readonly queuedFrom?: string;

  @FILTER_FIELDS.queuedBefore()
  readonly queuedBefore?: string;

  @FILTER_FIELDS.name()
  readonly name?: string;

  @FILTER_FIELDS.namePrefix()
  readonly namePrefix?: string;

  @EnumField(DEPLOYMENT_SORTS, {
    description: 'By the time of submission: the newest or the oldest first.',
    name: 'DeploymentSort',
    default: 'newest',
  })
  readonly sort!: DeploymentSort;
}

/** A queued deployment. */
export class QueuedDeploymentDto {
  @IntegerField({
    description:
      'Its rank by priority (higher first), then by the time of submission, then by id, from 1. **It is not the starting order**: see the explanation. Pages after the first continue the count; arrivals and departures meanwhile are not counted again.',
    ...ATTEMPT,
  })
  readonly position!: number;

  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @NameField({ description: 'Its name.', max: 128, example: 'train-resnet' })
  readonly name!: string;

  @IntegerField({ description: 'Higher first.', ...PRIORITY })
  readonly priority!: number;

  @ObjectField(() => DeploymentResourcesDto, { description: 'The request.' })
  readonly resources!: DeploymentResourcesDto;

  @IntegerField({
    description: 'How long it may run, in seconds; null without a limit.',
    min: 1,
    max: MAX_INTEGER,
    nullable: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds!: number | null;

  @IntegerField({ description: 'The number of the attempt, from 1.', ...ATTEMPT })
  readonly attempt!: number;

  @TimestampField({ description: 'When it was submitted, also after retries.' })
  readonly queuedAt!: string;

  @IntegerField({ description: 'The time since `queuedAt`, in seconds.', min: 0, max: MAX_INTEGER, example: 12 })
  readonly waitingSeconds!: number;

  @IdField({ description: 'The user or service account that submitted it.' })
  readonly submittedBy!: string;

  @ListField(enumRule(BLOCKER_CODES, { description: 'Why it is not started.', name: 'BlockerCode' }), {
    description:
      'Why it was not started, by the latest survey of the queue, a few moments old at most: see `listBlockers` for the numbers, and the explanation for the present. Null: it was queued after the survey.',
    max: BLOCKER_CODES.length,
    nullable: true,
    example: ['NOT_ENOUGH'],
  })
  readonly blockers!: BlockerCode[] | null;
}
