import { DeploymentResourcesDto } from '#clusters';
import {
  BooleanField,
  EnumField,
  FreeTextField,
  IdField,
  IntegerField,
  NameField,
  ObjectField,
  OpaqueField,
  StringField,
  TimestampField,
  EditOf,
} from '#http';

import {
  ATTEMPT,
  LABELS,
  MAX_ATTEMPT,
  MAX_MESSAGE,
  MAX_NAME,
  MAX_SPEC_BYTES,
  PREEMPTIBLE,
  PRIORITY,
  QUEUE_TIMEOUT,
  RETRIES,
  RUNTIME,
  SPEC,
} from './fields/deployment-fields.js';
import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  STOP_CAUSES,
  STOP_OUTCOMES,
  type StopCause,
  type StopOutcome,
} from './states/deployment-status.js';
import { MAX_IMAGE_LENGTH } from './fields/image-reference.js';
import { type Labels, LabelsField } from './fields/labels.js';

/** A stop that a runtime has been asked for. */
export class StoppingDto {
  @EnumField(STOP_CAUSES, {
    description:
      'Why it stops: it was cancelled, has run for `maxRuntimeSeconds`, or was preempted by a higher priority.',
    name: 'StopCause',
    example: 'cancelled',
  })
  readonly cause!: StopCause;

  @EnumField(STOP_OUTCOMES, {
    description:
      'Its status when its runtime reports, or at `until`. A preempted deployment whose runtime reports `succeeded` is `succeeded` instead of `queued`.',
    name: 'StopOutcome',
    example: 'cancelled',
  })
  readonly outcome!: StopOutcome;

  @TimestampField({ description: 'When the stop was requested.' })
  readonly since!: string;

  @TimestampField({ description: 'When its grace is over: its resources are released then, even if it still runs.' })
  readonly until!: string;
}

/** A deployment. */
export class DeploymentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @IdField({ description: 'The cluster to which it was submitted.' })
  readonly clusterId!: string;

  @NameField({ description: 'As given, or made from the image.', max: MAX_NAME, example: 'train-resnet' })
  readonly name!: string;

  @StringField({
    description: 'The container image as submitted.',
    max: MAX_IMAGE_LENGTH,
    example: 'registry.example.com/vision/train:2.1',
  })
  readonly image!: string;

  @StringField({
    description:
      'The image in normal form: with registry, folder, and a tag or digest. The registry is in lower case, except where only its capitals tell it from a folder.',
    max: MAX_IMAGE_LENGTH,
    example: 'registry.example.com/vision/train:2.1',
  })
  readonly normalizedImage!: string;

  @LabelsField({ description: LABELS })
  readonly labels!: Labels;

  @BooleanField({ description: PREEMPTIBLE, example: false })
  readonly preemptible!: boolean;

  @IntegerField({ description: 'How often it was preempted.', min: 0, max: MAX_ATTEMPT, example: 0 })
  readonly preemptions!: number;

  @OpaqueField({
    description: `${SPEC} Left out of lists.`,
    maxBytes: MAX_SPEC_BYTES,
    optional: true,
    nullable: true,
    example: { command: ['python', 'train.py'], environment: { EPOCHS: '90' } },
  })
  readonly spec?: object | null;

  @ObjectField(() => DeploymentResourcesDto, { description: 'The request.' })
  readonly resources!: DeploymentResourcesDto;

  @IntegerField({ description: 'Higher first.', ...PRIORITY })
  readonly priority!: number;

  @IntegerField({ description: 'How long it may run, in seconds; null without a limit.', ...RUNTIME, nullable: true })
  readonly maxRuntimeSeconds!: number | null;

  @IntegerField({
    description: 'How long it may wait in the queue at each attempt, in seconds; null without a limit.',
    ...QUEUE_TIMEOUT,
    nullable: true,
  })
  readonly queueTimeoutSeconds!: number | null;

  @IntegerField({ description: 'How many more attempts are made when a runtime reports `failed`.', ...RETRIES })
  readonly maxRetries!: number;

  @IntegerField({ description: 'How many of them have been used.', ...RETRIES, example: 0 })
  readonly retries!: number;

  @EnumField(DEPLOYMENT_STATUSES, {
    description:
      '`scheduled`: its resources are allocated. `running`: a runtime has reported its start. `stopping`: its runtime has been asked to stop it, and it keeps its resources until its end is reported or its grace is over. `retrying`: an attempt has failed, and another one is queued at `retryAt`. `succeeded`, `failed`, `cancelled`, `timed_out` and `expired` are final.',
    name: 'DeploymentStatus',
  })
  readonly status!: DeploymentStatus;

  @IntegerField({ description: 'The number of the attempt, from 1.', ...ATTEMPT })
  readonly attempt!: number;

  @TimestampField({ description: 'When it was submitted.' })
  readonly queuedAt!: string;

  @TimestampField({ description: 'When its resources were allocated.', nullable: true })
  readonly scheduledAt!: string | null;

  @TimestampField({ description: 'When a runtime reported its start.', nullable: true })
  readonly startedAt!: string | null;

  @TimestampField({ description: 'When it ended.', nullable: true })
  readonly endedAt!: string | null;

  @TimestampField({
    description: 'When its resources were released: within milliseconds of `endedAt`. Null before that.',
    nullable: true,
  })
  readonly releasedAt!: string | null;

  @TimestampField({ description: 'When the next attempt is queued; null unless it is `retrying`.', nullable: true })
  readonly retryAt!: string | null;

  @ObjectField(() => StoppingDto, {
    description: 'The stop that its runtime was asked for; null unless it is `stopping`.',
    nullable: true,
  })
  readonly stopping!: StoppingDto | null;

  @FreeTextField({
    description: 'The message of the runtime at the end.',
    max: MAX_MESSAGE,
    nullable: true,
    example: 'exit code 0',
  })
  readonly message!: string | null;

  @IdField({ description: 'The user or service account that submitted it.' })
  readonly submittedBy!: string;
}

/** Changes of a queued deployment. */
@EditOf(() => DeploymentDto)
export class EditDeploymentDto {
  @IntegerField({ description: 'From 0 to 100, higher first.', ...PRIORITY, optional: true, example: 80 })
  readonly priority?: number;

  @LabelsField({ description: `${LABELS} Replaces all of them.`, optional: true })
  readonly labels?: Labels;

  @IntegerField({
    description: 'How long it may wait, in seconds from when it was queued; null without a limit.',
    ...QUEUE_TIMEOUT,
    optional: true,
    nullable: true,
  })
  readonly queueTimeoutSeconds?: number | null;

  @BooleanField({ description: PREEMPTIBLE, optional: true, example: true })
  readonly preemptible?: boolean;
}
