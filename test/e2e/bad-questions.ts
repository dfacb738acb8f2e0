import { type BodyRoute, broken, notAmounts, notIntegers, NOT_IDS } from './bad-values.js';

const QUESTION = {
  deployments: [{ resources: { cpu: 1, memoryMib: 1 }, priority: 50, count: 2 }],
  changes: [],
  ended: [],
  capacity: { cpu: 10 },
  policy: { searchSteps: 100 },
  cordoned: false,
};
const NO_DEPLOYMENT = '01990d6b-7b3e-7c44-a5f8-5d1c2f9e8a10';

/** Routes that ask the planner, and change nothing. */
export const QUESTION_ROUTES: Readonly<Record<string, BodyRoute>> = {
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
      ...broken(QUESTION, 'policy.searchSteps', notIntegers(1, 200_000)),
      ...broken(QUESTION, 'cordoned', [
        ['yes', 'type'],
        [1, 'type'],
        [null, 'type'],
      ]),
      ...broken(QUESTION, 'nobody', [['x', 'unknown-field']]),
      ['an end of nobody', { ended: [NO_DEPLOYMENT] }, '400 WHAT_IF.DEPLOYMENT_INVALID #/ended/0 not-found'],
      [
        'a request for nothing',
        { deployments: [{ resources: { cpu: 0, memoryMib: 0 } }] },
        '400 WHAT_IF.REQUEST_EMPTY #/deployments/0/resources all-zero',
      ],
    ],
  },
};
