import {
  type Breakage,
  type BodyRoute,
  broken,
  MISSING,
  notAmounts,
  notIntegers,
  NOT_IDS,
  NOT_OBJECTS,
} from './bad-values.js';

const QUESTION = {
  deployments: [{ resources: { cpu: 1, memoryMib: 1 }, priority: 50, count: 2 }],
  changes: [],
  ended: [],
  capacity: { cpu: 10 },
  policy: { searchSteps: 100 },
  cordoned: false,
};
const NO_DEPLOYMENT = '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10';

const PROBLEM = {
  capacity: { cpu: 8, memoryMib: 32_768, gpu: 2 },
  now: '2026-01-01T00:00:00Z',
  policy: { searchSteps: 100 },
  reservation: { id: 'b', promisedAt: '2026-01-01T01:00:00Z' },
  running: [{ id: 'a', priority: 50, resources: { cpu: 2, memoryMib: 8_192 }, startedAt: '2025-12-31T23:00:00Z' }],
  queue: [{ id: 'b', priority: 50, resources: { cpu: 2, memoryMib: 8_192 }, queuedAt: '2025-12-31T23:30:00Z' }],
};

/** Values that are not ids of a plan request. */
const NOT_TEXTS: Breakage[] = [
  [MISSING, 'required'],
  ['', 'too-short'],
  ['x'.repeat(201), 'too-long'],
  ['a\u0000b', 'invalid-text'],
  [7, 'type'],
  [null, 'type'],
];

/** Values that are not times of a plan request. */
const NOT_TIMES: Breakage[] = [
  ['yesterday', 'invalid-timestamp'],
  ['2026-02-30T00:00:00Z', 'invalid-timestamp'],
  ['1969-12-31T23:59:59Z', 'out-of-range'],
  ['9999-12-31T23:59:59-23:59', 'out-of-range'],
  [0, 'invalid-timestamp'],
];

/** Values that are none of those of an enumeration. */
const NOT_LISTED: Breakage[] = [
  ['always', 'one-of'],
  ['', 'one-of'],
  [true, 'one-of'],
  [null, 'one-of'],
];

/** Routes that run the planner and change nothing. */
export const QUESTION_ROUTES: Readonly<Record<string, BodyRoute>> = {
  'plan a whole problem': {
    path: '/v1/plan',
    valid: PROBLEM,
    bad: [
      ...broken(PROBLEM, 'capacity', NOT_OBJECTS),
      ...broken(PROBLEM, 'capacity.cpu', [[MISSING, 'required'], ...notAmounts(1_000_000_000)]),
      ...broken(PROBLEM, 'now', [[MISSING, 'required'], [null, 'invalid-timestamp'], ...NOT_TIMES]),
      ...broken(PROBLEM, 'policy.searchSteps', notIntegers(1, 10_000)),
      ...broken(PROBLEM, 'policy.preemption', NOT_LISTED),
      ...broken(PROBLEM, 'policy.objective', NOT_LISTED),
      ...broken(PROBLEM, 'policy.reservationOrder', NOT_LISTED),
      ...broken(PROBLEM, 'policy.maxPreemptions', notIntegers(0, 1_000)),
      ...broken(PROBLEM, 'policy.reserveAfterSeconds', notIntegers(0, 31_536_000)),
      ...broken(PROBLEM, 'reservation.id', NOT_TEXTS),
      ...broken(PROBLEM, 'reservation.promisedAt', NOT_TIMES),
      ...broken(PROBLEM, 'reservation.state', [['kept', 'one-of']]),
      ...broken({ ...PROBLEM, reservation: { id: 'b', state: 'promised' } }, 'reservation.promisedAt', [
        [MISSING, 'required'],
        [null, 'required'],
      ]),
      ...broken(PROBLEM, 'running', [
        [null, 'type'],
        [{}, 'type'],
      ]),
      ...broken(PROBLEM, 'running.0', [[null, 'type']]),
      ...broken(PROBLEM, 'running.0.id', NOT_TEXTS),
      ...broken(PROBLEM, 'running.0.startedAt', [[MISSING, 'required'], ...NOT_TIMES]),
      ...broken(PROBLEM, 'running.0.resources', [...NOT_OBJECTS, [{ cpu: 0, memoryMib: 0 }, 'all-zero']]),
      ...broken(PROBLEM, 'running.0.maxRuntimeSeconds', notIntegers(1, 316_224_000)),
      ...broken(PROBLEM, 'running.0.preemptible', [['yes', 'type']]),
      ...broken(PROBLEM, 'queue', [
        [MISSING, 'required'],
        [null, 'type'],
        [{}, 'type'],
        [Array.from({ length: 10_001 }, () => 0), 'too-many'],
      ]),
      ...broken(PROBLEM, 'queue.0.id', NOT_TEXTS),
      ...broken(PROBLEM, 'queue.0.priority', [[MISSING, 'required'], ...notIntegers(0, 100)]),
      ...broken(PROBLEM, 'queue.0.resources.gpu', notAmounts(1_000_000)),
      ...broken(PROBLEM, 'queue.0.resources', [[{ cpu: 0, memoryMib: 0, gpu: 0 }, 'all-zero']]),
      ...broken(PROBLEM, 'queue.0.queuedAt', [[MISSING, 'required'], ...NOT_TIMES]),
      ...broken(PROBLEM, 'queue.0.startedAt', [['2026-01-01T00:00:00Z', 'unknown-field']]),
      [
        'an id twice',
        { ...PROBLEM, queue: [PROBLEM.queue[0], PROBLEM.queue[0]] },
        '400 SIMULATION.DUPLICATE_ID #/queue/1/id duplicate',
      ],
    ],
  },
  'ask what would happen if': {
    path: '*/plan',
    isBodyOptional: true,
    valid: QUESTION,
    bad: [
      ...broken(QUESTION, 'deployments', [
        [null, 'type'],
        [{}, 'type'],
        [Array.from({ length: 101 }, () => QUESTION.deployments[0]), 'too-many'],
      ]),
      ...broken(QUESTION, 'deployments.0.resources.cpu', notAmounts(1_000_000)),
      ...broken(QUESTION, 'deployments.0.priority', [...notIntegers(0, 100), [null, 'type']]),
      ...broken(QUESTION, 'deployments.0.count', [...notIntegers(1, 10_000), [null, 'type']]),
      ...broken(QUESTION, 'changes', [
        [{}, 'type'],
        ['x', 'type'],
      ]),
      ...broken({ changes: [{ id: NO_DEPLOYMENT }] }, 'changes.0.id', NOT_IDS),
      ...broken(QUESTION, 'policy.searchSteps', notIntegers(1, 10_000)),
      ...broken(QUESTION, 'cordoned', [
        ['yes', 'type'],
        [1, 'type'],
        [null, 'type'],
      ]),
      ...broken(QUESTION, 'unknown', [['x', 'unknown-field']]),
      [
        'an end of an unknown deployment',
        { ended: [NO_DEPLOYMENT] },
        '400 WHAT_IF.DEPLOYMENT_INVALID #/ended/0 not-found',
      ],
      [
        'a request for nothing',
        { deployments: [{ resources: { cpu: 0, memoryMib: 0 } }] },
        '400 WHAT_IF.REQUEST_EMPTY #/deployments/0/resources all-zero',
      ],
    ],
  },
};
