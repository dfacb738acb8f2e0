import { ResourcesDto } from '#clusters';
import {
  BooleanField,
  EnumField,
  IntegerField,
  type InvalidItem,
  ItemsField,
  NameField,
  ObjectField,
  OpaqueField,
  StringField,
} from '#http';

import { MAX_BATCH } from './batches.dto.js';
import {
  LABELS,
  MAX_NAME,
  MAX_SPEC_BYTES,
  PREEMPTIBLE,
  PRIORITY,
  QUEUE_TIMEOUT,
  RETRIES,
  RUNTIME,
  SPEC,
} from '../fields/deployment-fields.js';
import { checkName } from '../fields/deployment-name.js';
import { MAX_IMAGE_LENGTH } from '../fields/image-reference.js';
import { type Labels, LabelsField } from '../fields/labels.js';
import { ON_ERROR, type OnError } from './orders.js';

/** A request for a deployment. */
export class SubmitDeploymentDto {
  @NameField({
    description:
      'Unique among the deployments of the cluster that have not ended. Generated from the image when omitted; a name that ends like a generated one, in a tilde and twelve letters or digits, is refused.',
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

  @ObjectField(() => ResourcesDto, { description: 'The request; at least one resource is more than zero.' })
  readonly resources!: ResourcesDto;

  @IntegerField({
    description:
      "From 0 to 100, higher first: every level is served before the next lower one. The cluster's policy has the default (50 unless changed) and the limit for your role.",
    ...PRIORITY,
    optional: true,
  })
  readonly priority?: number;

  @IntegerField({
    description:
      "How long it may run, in seconds from when it is scheduled; then it ends as `timed_out`. The cluster's policy has the default: no limit unless changed.",
    ...RUNTIME,
    optional: true,
  })
  readonly maxRuntimeSeconds?: number;

  @IntegerField({
    description:
      'How long it may wait in the queue, in seconds, at each attempt anew; then it ends as `expired`. No limit when omitted.',
    ...QUEUE_TIMEOUT,
    optional: true,
  })
  readonly queueTimeoutSeconds?: number;

  @IntegerField({
    description: 'How many more attempts are made when a runtime reports `failed`.',
    ...RETRIES,
    default: 0,
  })
  readonly maxRetries!: number;

  @LabelsField({ description: LABELS, default: {} })
  readonly labels!: Labels;

  @BooleanField({
    description: `${PREEMPTIBLE} When omitted, the cluster's policy decides by the priority (\`preemptibleBelowPriority\`): false unless changed.`,
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

/** A request for many deployments. */
export class SubmitBatchDto {
  @ItemsField(() => SubmitDeploymentDto, { description: 'The deployments.', min: 1, max: MAX_BATCH })
  readonly deployments!: (SubmitDeploymentDto | InvalidItem)[];

  @EnumField(ON_ERROR, {
    description:
      '`abort`: all are queued, or none when one of them is refused. `continue`: each is queued or refused independently; a refusal by the cluster or the limit of the queue still concerns all.',
    name: 'OnError',
    default: 'abort',
  })
  readonly onError!: OnError;
}
