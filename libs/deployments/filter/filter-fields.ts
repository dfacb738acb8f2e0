import {
  enumRule,
  IdField,
  IntegerField,
  ListField,
  NameField,
  StringField,
  TimestampField,
  type Violation,
} from '#http';

import { DEPLOYMENT_STATUSES, type DeploymentStatus } from '../states/deployment-status.js';
import { type DeploymentFilter } from './deployment-filter.js';
import { isFault, labelSelectorOf, MAX_SELECTOR_LENGTH, parseLabelSelector } from './label-selector.js';

const MAX_NAME = 128;
const PRIORITIES = { min: 0, max: 100 } as const;

/** A filter as a client writes it: in a query, or in the body of an action. */
export interface FilterInput {
  readonly clusterId?: string;
  readonly status?: readonly DeploymentStatus[];
  readonly label?: string;
  readonly submittedBy?: string;
  readonly queuedFrom?: string;
  readonly queuedBefore?: string;
  readonly name?: string;
  readonly namePrefix?: string;
  readonly minPriority?: number;
  readonly maxPriority?: number;
}

/** The fields of {@link FilterInput}, for the DTOs that take one: `@FILTER_FIELDS.status() readonly status?: ...`. */
export const FILTER_FIELDS = {
  clusterId: () => IdField({ description: 'Only those of this cluster.', optional: true }),
  status: () =>
    ListField(enumRule(DEPLOYMENT_STATUSES, { description: 'A status.' }), {
      description: 'Only those with one of these statuses.',
      min: 1,
      max: DEPLOYMENT_STATUSES.length,
      optional: true,
      example: ['queued', 'running'],
    }),
  label: () =>
    StringField({
      description:
        'Only those whose labels meet this selector: requirements separated by commas, each `key=value`, `key!=value`, `key in (a, b)`, `key notin (a, b)`, `key` or `!key`.',
      max: MAX_SELECTOR_LENGTH,
      optional: true,
      check: faultIn,
      example: 'team=vision,env in (staging, production),!experimental',
    }),
  submittedBy: () => IdField({ description: 'Only what this user or service account submitted.', optional: true }),
  queuedFrom: () => TimestampField({ description: 'Only what was queued at this time or later.', optional: true }),
  queuedBefore: () => TimestampField({ description: 'Only what was queued before this time.', optional: true }),
  name: () =>
    NameField({
      description: 'Only those with this given name, in the same case; generated names do not count.',
      max: MAX_NAME,
      optional: true,
      example: 'train-resnet',
    }),
  namePrefix: () =>
    StringField({
      description: 'Only those whose given name begins so, in the same case; generated names do not count.',
      max: MAX_NAME,
      optional: true,
      example: 'train-',
    }),
  minPriority: () =>
    IntegerField({ description: 'Only those with this priority or more.', ...PRIORITIES, optional: true, example: 0 }),
  maxPriority: () =>
    IntegerField({ description: 'Only those with this priority or less.', ...PRIORITIES, optional: true, example: 49 }),
} as const satisfies Record<keyof FilterInput, () => PropertyDecorator>;

function faultIn(text: string): Violation | undefined {
  const read = parseLabelSelector(text);
  return isFault(read) ? { code: 'invalid-selector', message: `${read.message} (character ${read.at})` } : undefined;
}

/** The filter of a request. */
export function toFilter({ status, label, ...rest }: FilterInput): DeploymentFilter {
  const { clusterId, submittedBy, queuedFrom, queuedBefore, name, namePrefix, minPriority, maxPriority } = rest;
  return {
    clusterId,
    statuses: status,
    labels: label === undefined ? undefined : labelSelectorOf(label),
    submittedBy,
    queuedFrom,
    queuedBefore,
    name,
    namePrefix,
    minPriority,
    maxPriority,
  };
}
