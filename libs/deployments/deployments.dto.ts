import { ResourcesDto } from '#clusters';
import {
  AlsoAsLines,
  ArrayField,
  type AsLines,
  BooleanField,
  type JsonLines,
  EnumField,
  FreeTextField,
  IdField,
  IntegerField,
  type InvalidItem,
  ItemsField,
  NameField,
  ObjectField,
  OpaqueField,
  ProblemDto,
  StringField,
  TimestampField,
  EditOf,
} from '#http';

import {
  DEPLOYMENT_STATUSES,
  type DeploymentStatus,
  STOP_CAUSES,
  STOP_OUTCOMES,
  type StopCause,
  type StopOutcome,
} from './deployment-status.js';
import { checkName } from './deployment-name.js';
import { MAX_IMAGE_LENGTH, MAX_NORMALIZED_IMAGE_LENGTH } from './image-reference.js';
import { type Labels, LabelsField } from './labels.js';
import { OUTCOMES, type Outcome } from './reports.js';
import { ON_ERROR, type OnError } from './submission.js';

/** The most deployments or reports of one batch. */
export const MAX_BATCH = 10_000;

/** The most lines of a batch that comes as lines. */
export const MAX_LINES = 100_000;

/** So many refused lines are no batch that anybody meant. */
export const MAX_REFUSED_LINES = 10_000;

/** The most bytes of a batch's body: 10,000 items of 800 bytes. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;

const MAX_NAME = 128;
const MAX_SPEC_BYTES = 16 * 1024;
const MAX_MESSAGE = 2_000;
const MAX_RUNTIME_SECONDS = 366 * 86_400;
const MAX_QUEUE_TIMEOUT_SECONDS = 366 * 86_400;
const MAX_RETRIES = 100;
const MAX_ATTEMPT = 2_147_483_647;

const LABELS = 'What it is found by: keys with values, as Kubernetes writes them.';
const PREEMPTIBLE =
  'Whether it may be stopped and queued again for one of higher priority, where the cluster allows that.';
const SPEC =
  'What the runtime wants to know: command, environment, whatever it is. Kept as it is, and never looked into.';

/** What submits a deployment. */
export class SubmitDeploymentDto {
  @NameField({
    description:
      'Finds it: unique among the deployments of the cluster that have not ended. Made from the image when left out; what ends like such a name, in a tilde and twelve letters or digits, cannot be given.',
    max: MAX_NAME,
    check: checkName,
    optional: true,
    example: 'train-resnet',
  })
  readonly name?: string;

  @StringField({
    description: 'The container image, as a reference by the OCI distribution specification.',
    min: 1,
    max: MAX_IMAGE_LENGTH,
    example: 'registry.example.com/vision/train:2.1',
  })
  readonly image!: string;

  @ObjectField(() => ResourcesDto, { description: 'What it needs; at least one resource more than zero.' })
  readonly resources!: ResourcesDto;

  @IntegerField({
    description:
      "From 0 to 100, higher first: every level is served before the next lower one. The cluster's policy says what it is when left out (50 unless changed), and how high it may be for your role.",
    min: 0,
    max: 100,
    optional: true,
    example: 50,
  })
  readonly priority?: number;

  @IntegerField({
    description:
      "How long it may run, in seconds from when it is scheduled; then it ends as `timed_out`. Left out, the cluster's policy decides: no limit unless changed.",
    min: 1,
    max: MAX_RUNTIME_SECONDS,
    optional: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds?: number;

  @IntegerField({
    description:
      'How long it may wait in the queue, in seconds, at each attempt anew; then it ends as `expired`. No limit when left out.',
    min: 1,
    max: MAX_QUEUE_TIMEOUT_SECONDS,
    optional: true,
    example: 86_400,
  })
  readonly queueTimeoutSeconds?: number;

  @IntegerField({
    description: 'How many more attempts are made when a runtime reports `failed`.',
    min: 0,
    max: MAX_RETRIES,
    default: 0,
    example: 3,
  })
  readonly maxRetries!: number;

  @LabelsField({ description: LABELS, default: {} })
  readonly labels!: Labels;

  @BooleanField({
    description: `${PREEMPTIBLE} Left out, the cluster's policy decides by the priority (\`preemptibleBelowPriority\`): false unless changed.`,
    optional: true,
    example: false,
  })
  readonly preemptible?: boolean;

  @OpaqueField({
    description: `${SPEC} At most ${MAX_SPEC_BYTES} bytes as JSON.`,
    maxBytes: MAX_SPEC_BYTES,
    optional: true,
    example: { command: ['python', 'train.py'], environment: { EPOCHS: '90' } },
  })
  readonly spec?: object;
}

/** What submits many deployments: a body, or one deployment in each line. */
@AlsoAsLines()
export class SubmitBatchDto implements AsLines {
  readonly lines?: JsonLines;

  @ItemsField(() => SubmitDeploymentDto, { description: 'The deployments.', min: 1, max: MAX_BATCH })
  readonly deployments!: (SubmitDeploymentDto | InvalidItem)[];

  @EnumField(ON_ERROR, {
    description:
      '`abort`: all are taken, or none when one of them is refused. `continue`: each is taken or refused for itself, and answered so; what concerns them all (the cluster, the limit of the queue) still refuses all.',
    name: 'OnError',
    default: 'abort',
  })
  readonly onError!: OnError;
}

/** What has been asked of a runtime. */
export class StoppingDto {
  @EnumField(STOP_CAUSES, {
    description:
      'Why: somebody cancelled it, it has run for `maxRuntimeSeconds`, or it gives way to a higher priority.',
    name: 'StopCause',
    example: 'cancelled',
  })
  readonly cause!: StopCause;

  @EnumField(STOP_OUTCOMES, {
    description:
      'What becomes of it when its runtime reports, or at `until`. What goes back to the queue and is reported as `succeeded` is that instead: done is done.',
    name: 'StopOutcome',
    example: 'cancelled',
  })
  readonly outcome!: StopOutcome;

  @TimestampField({ description: 'When that was asked.' })
  readonly since!: string;

  @TimestampField({
    description: 'When its grace is over: its resources are given to others from then on, whatever still runs.',
  })
  readonly until!: string;
}

/** A deployment as it stands. */
export class DeploymentDto {
  @IdField({ description: 'The deployment.' })
  readonly id!: string;

  @IdField({ description: 'The cluster it was submitted to.' })
  readonly clusterId!: string;

  @NameField({ description: 'As given, or made from the image.', max: MAX_NAME, example: 'train-resnet' })
  readonly name!: string;

  @StringField({
    description: 'The container image, as it was given.',
    max: MAX_IMAGE_LENGTH,
    example: 'registry.example.com/vision/train:2.1',
  })
  readonly image!: string;

  @StringField({
    description: 'The same reference in its one spelling: with registry, folder, and a tag or digest.',
    max: MAX_NORMALIZED_IMAGE_LENGTH,
    example: 'registry.example.com/vision/train:2.1',
  })
  readonly normalizedImage!: string;

  @LabelsField({ description: LABELS })
  readonly labels!: Labels;

  @BooleanField({ description: PREEMPTIBLE, example: false })
  readonly preemptible!: boolean;

  @IntegerField({
    description: 'How often it has given way to a higher priority.',
    min: 0,
    max: MAX_ATTEMPT,
    example: 0,
  })
  readonly preemptions!: number;

  @OpaqueField({
    description: `${SPEC} Left out of lists.`,
    maxBytes: MAX_SPEC_BYTES,
    optional: true,
    nullable: true,
    example: { command: ['python', 'train.py'], environment: { EPOCHS: '90' } },
  })
  readonly spec?: object | null;

  @ObjectField(() => ResourcesDto, { description: 'What it needs.' })
  readonly resources!: ResourcesDto;

  @IntegerField({ description: 'Higher first.', min: 0, max: 100, example: 50 })
  readonly priority!: number;

  @IntegerField({
    description: 'How long it may run, in seconds; null without a limit.',
    min: 1,
    max: MAX_RUNTIME_SECONDS,
    nullable: true,
    example: 3600,
  })
  readonly maxRuntimeSeconds!: number | null;

  @IntegerField({
    description: 'How long it may wait in the queue at each attempt, in seconds; null without a limit.',
    min: 1,
    max: MAX_QUEUE_TIMEOUT_SECONDS,
    nullable: true,
    example: 86_400,
  })
  readonly queueTimeoutSeconds!: number | null;

  @IntegerField({
    description: 'How many more attempts are made when a runtime reports `failed`.',
    min: 0,
    max: MAX_RETRIES,
    example: 3,
  })
  readonly maxRetries!: number;

  @IntegerField({ description: 'How many of them have been used.', min: 0, max: MAX_RETRIES, example: 0 })
  readonly retries!: number;

  @EnumField(DEPLOYMENT_STATUSES, {
    description:
      '`scheduled`: its resources are allocated. `running`: a runtime has reported its start as well. `stopping`: its runtime has been asked to stop it, and it keeps its resources until that is reported or its grace is over. `retrying`: an attempt has failed, and another one goes to the queue at `retryAt`. `succeeded`, `failed`, `cancelled`, `timed_out` and `expired` are never left.',
    name: 'DeploymentStatus',
  })
  readonly status!: DeploymentStatus;

  @IntegerField({ description: 'Which run this is, from 1.', min: 1, max: MAX_ATTEMPT, example: 1 })
  readonly attempt!: number;

  @TimestampField({ description: 'Since when it waits, or waited.' })
  readonly queuedAt!: string;

  @TimestampField({ description: 'When its resources were allocated.', nullable: true })
  readonly scheduledAt!: string | null;

  @TimestampField({ description: 'When a runtime reported its start.', nullable: true })
  readonly startedAt!: string | null;

  @TimestampField({ description: 'When it ended.', nullable: true })
  readonly endedAt!: string | null;

  @TimestampField({
    description: 'When its resources came back: within milliseconds of `endedAt`. Null before that.',
    nullable: true,
  })
  readonly releasedAt!: string | null;

  @TimestampField({
    description: 'When the next attempt goes back to the queue; null but while it is `retrying`.',
    nullable: true,
  })
  readonly retryAt!: string | null;

  @ObjectField(() => StoppingDto, {
    description: 'What was asked of its runtime; null but while it is `stopping`.',
    nullable: true,
  })
  readonly stopping!: StoppingDto | null;

  @FreeTextField({
    description: 'What the runtime said at the end.',
    max: MAX_MESSAGE,
    nullable: true,
    example: 'exit code 0',
  })
  readonly message!: string | null;

  @IdField({ description: 'The user or service account that submitted it.' })
  readonly submittedBy!: string;
}

/** What is to change of a deployment that waits. */
@EditOf(() => DeploymentDto)
export class EditDeploymentDto {
  @IntegerField({ description: 'From 0 to 100, higher first.', min: 0, max: 100, optional: true, example: 80 })
  readonly priority?: number;

  @LabelsField({ description: `${LABELS} Replaces all of them.`, optional: true })
  readonly labels?: Labels;

  @IntegerField({
    description: 'How long it may wait, in seconds from when it came to the queue; null without a limit.',
    min: 1,
    max: MAX_QUEUE_TIMEOUT_SECONDS,
    optional: true,
    nullable: true,
    example: 86_400,
  })
  readonly queueTimeoutSeconds?: number | null;

  @BooleanField({ description: PREEMPTIBLE, optional: true, example: true })
  readonly preemptible?: boolean;
}

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

/** What became of one item of a batch: `id`, or `problem`. */
export class BatchResultDto {
  @IntegerField({ description: 'Which item, from 0.', min: 0, max: MAX_BATCH - 1, example: 0 })
  readonly index!: number;

  @IdField({ description: 'The deployment, when the item was accepted.', optional: true })
  readonly id?: string;

  @ObjectField(() => ProblemDto, { description: 'Why the item was refused.', optional: true })
  readonly problem?: ProblemDto;
}

/** What became of the items of a batch. */
export class BatchDto {
  @ArrayField(() => BatchResultDto, { description: 'One entry per item, in their order.', max: MAX_BATCH })
  readonly results!: BatchResultDto[];
}

/** How a batch that came as lines has ended. */
export class BatchSummaryDto {
  @IntegerField({ description: 'Lines that were looked at, but for blank ones.', min: 0, max: MAX_LINES, example: 2 })
  readonly lines!: number;

  @IntegerField({ description: 'How many of them are queued.', min: 0, max: MAX_LINES, example: 2 })
  readonly accepted!: number;

  @IntegerField({ description: 'How many of them were refused.', min: 0, max: MAX_LINES, example: 0 })
  readonly refused!: number;
}

/** A line of the answer to lines: what became of one of them, what ended the stream early, or, as the last one, the summary. */
export class BatchLineDto {
  @IntegerField({
    description: 'Which line, from 0, blank ones counted.',
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
      'Why the line was refused, its pointers beginning at the line; without `index`, why nothing more is looked at.',
    optional: true,
  })
  readonly problem?: ProblemDto;

  @ObjectField(() => BatchSummaryDto, {
    description: 'In the last line, and only there: an answer without it was cut off.',
    optional: true,
  })
  readonly summary?: BatchSummaryDto;
}
