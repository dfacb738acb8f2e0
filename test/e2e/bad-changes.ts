import { newId } from '#kernel';

import { type BodyRoute, broken, notIntegers, NOT_OBJECTS, NOT_IDS } from './bad-values.js';

const EDIT = { priority: 60, labels: { team: 'vision' }, queueTimeoutSeconds: 60 };
const CANCELLATION = { filter: { namePrefix: 'no-such-' }, dryRun: false };

/** Routes that change many deployments, or one waiting deployment. */
export const CHANGE_ROUTES: Readonly<Record<string, BodyRoute>> = {
  'edit a deployment': {
    path: '~/deployments/{deploymentId}',
    method: 'PATCH',
    isBodyOptional: true,
    valid: EDIT,
    bad: [
      ...broken(EDIT, 'priority', [...notIntegers(0, 100), [null, 'type']]),
      ...broken(EDIT, 'queueTimeoutSeconds', notIntegers(1, 366 * 86_400)),
      ...broken(EDIT, 'preemptible', [
        ['yes', 'type'],
        [null, 'type'],
      ]),
      ...broken(EDIT, 'labels', [
        [null, 'type'],
        [[], 'type'],
        ['team=vision', 'type'],
      ]),
      ...broken(EDIT, 'labels.team', [
        ['-x', 'pattern'],
        [1, 'type'],
      ]),
      ...['name', 'image', 'resources', 'status', 'maxRetries', 'maxRuntimeSeconds'].flatMap((field) =>
        broken(EDIT, field, [['x', 'not-editable']]),
      ),
      ...broken(EDIT, 'colour', [['x', 'unknown-field']]),
      ['what does not wait any more', EDIT, '409 DEPLOYMENTS.INVALID_STATE'],
    ],
  },
  'cancel many deployments': {
    path: '*/deployments/cancel',
    valid: CANCELLATION,
    bad: [
      ...broken(CANCELLATION, 'filter', NOT_OBJECTS),
      ...broken(CANCELLATION, 'dryRun', [
        ['true', 'type'],
        [1, 'type'],
        [null, 'type'],
      ]),
      ...broken(CANCELLATION, 'filter.status', [
        ['queued', 'type'],
        [[], 'too-few'],
        [null, 'type'],
      ]),
      ...broken({ filter: { status: ['queued'] } }, 'filter.status.0', [
        ['gone', 'one-of'],
        [1, 'one-of'],
      ]),
      ...broken(CANCELLATION, 'filter.label', [
        ['', 'too-short'],
        ['a in b', 'invalid-selector'],
        ["a';--", 'invalid-selector'],
        ['a'.repeat(2_001), 'too-long'],
        [1, 'type'],
      ]),
      ...broken(CANCELLATION, 'filter.submittedBy', NOT_IDS.slice(1)),
      ...broken(CANCELLATION, 'filter.minPriority', [...notIntegers(0, 100), [null, 'type']]),
      ...broken(CANCELLATION, 'filter.maxPriority', notIntegers(0, 100)),
      ...broken(CANCELLATION, 'filter.clusterId', [[newId(), 'unknown-field']]),
      ...broken(CANCELLATION, 'filters', [[{}, 'unknown-field']]),
    ],
  },
};
