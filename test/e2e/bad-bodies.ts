import { newId } from '#kernel';

import { CHANGE_ROUTES } from './bad-changes.js';
import { QUESTION_ROUTES } from './bad-plan-requests.js';
import {
  type BadBody,
  type Breakage,
  type BodyRoute,
  INVALID,
  MISSING,
  broken,
  notNames,
  notIntegers,
  notAmounts,
  NOT_OBJECTS,
  NOT_IDS,
  NOT_CHOICES,
} from './bad-values.js';

/** Texts that are not image references by the grammar of the distribution specification. */
const NOT_IMAGES = [
  'App',
  'registry.example.com/App',
  'app:',
  'app@',
  'app:tag:tag',
  'app::tag',
  '/app',
  'app/',
  'a//b',
  '-app',
  'app-',
  'a..b',
  'a___b',
  ' app',
  'app ',
  'app\nrm',
  '../etc/passwd',
  '$(rm -rf /)',
  'app;ls',
  'https://registry.example.com/app',
  'registry.example.com:port/app',
  'registry.example.com:99999/app',
  'a'.repeat(238),
  '0123456789abcdef'.repeat(4),
  'app:.tag',
  `app:${'t'.repeat(129)}`,
  'app@sha256:abc',
  `app@sha256:${'a'.repeat(63)}`,
  `app@sha256:${'A'.repeat(64)}`,
  `app@sha512:${'a'.repeat(64)}`,
  `app@${'a'.repeat(64)}`,
  `app@sha256:${'a'.repeat(64)}@sha256:${'a'.repeat(64)}`,
  'a'.repeat(256),
  'приложение',
];

const DEPLOYMENT = {
  name: 'train',
  image: 'registry.example.com/train:1',
  resources: { cpu: 1, memoryMib: 1, gpu: 0 },
  priority: 50,
  maxRuntimeSeconds: 60,
  queueTimeoutSeconds: 60,
  maxRetries: 1,
  labels: { team: 'vision' },
  preemptible: false,
  spec: { command: ['run'] },
};

const badDeployment: readonly BadBody[] = [
  ...broken(DEPLOYMENT, 'name', notNames(128)),
  ...broken(DEPLOYMENT, 'image', [
    [MISSING, 'required'],
    ['', 'too-short'],
    ['a'.repeat(513), 'too-long'],
    [`${'a'.repeat(50_000)}!`, 'too-long'],
    ['a\u0000', 'invalid-text'],
    [null, 'type'],
    [['app'], 'type'],
  ]),
  ...NOT_IMAGES.map((image): BadBody => [
    `image ${JSON.stringify(image).slice(0, 60)}`,
    { ...DEPLOYMENT, image },
    '400 DEPLOYMENTS.INVALID_IMAGE #/image invalid-image',
  ]),
  ...broken(DEPLOYMENT, 'resources', NOT_OBJECTS),
  ...broken(DEPLOYMENT, 'resources.cpu', [[MISSING, 'required'], ...notAmounts(1_000_000)]),
  ...broken(DEPLOYMENT, 'resources.gpu', notAmounts(1_000_000)),
  ...broken(DEPLOYMENT, 'resources.memoryMib', [
    [MISSING, 'required'],
    ...notIntegers(0, 1_000_000_000),
    [2_147_483_648, 'too-large'],
  ]),
  ...broken(DEPLOYMENT, 'resources.tpu', [[1, 'unknown-field']]),
  ...broken(DEPLOYMENT, 'priority', [...notIntegers(0, 100), [null, 'type'], [2_147_483_647, 'too-large']]),
  [
    'a priority above the role',
    { ...DEPLOYMENT, priority: 91 },
    '403 DEPLOYMENTS.PRIORITY_ABOVE_LIMIT #/priority above-limit',
  ],
  [
    'a runtime above the role',
    { ...DEPLOYMENT, maxRuntimeSeconds: 601 },
    '403 DEPLOYMENTS.RUNTIME_ABOVE_LIMIT #/maxRuntimeSeconds above-limit',
  ],
  ...broken(DEPLOYMENT, 'name', [['train~0123456789ab', 'generated-name']]),
  ['a name that is taken', { ...DEPLOYMENT, name: 'taken' }, '409 DEPLOYMENTS.NAME_TAKEN #/name name-taken'],
  ...broken(DEPLOYMENT, 'labels', [
    [null, 'type'],
    [[], 'type'],
    ['team=vision', 'type'],
    [Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v'])), 'too-many'],
  ]),
  ...broken(DEPLOYMENT, 'labels.team', [
    ['x'.repeat(64), 'too-long'],
    ['-x', 'pattern'],
    ['=cmd()', 'pattern'],
    ['a\u0000', 'invalid-text'],
    [1, 'type'],
    [null, 'type'],
    [{}, 'type'],
  ]),
  ...['', ' ', 'a b', '-a', 'a=b', 'x'.repeat(64), 'ключ'].map((key): BadBody => [
    `the label key ${JSON.stringify(key)}`,
    { ...DEPLOYMENT, labels: { [key]: 'v' } },
    `${INVALID} #/labels/${key} invalid-key`,
  ]),
  ...broken(DEPLOYMENT, 'preemptible', [
    ['true', 'type'],
    [1, 'type'],
    [null, 'type'],
  ]),
  ...broken(DEPLOYMENT, 'spec', [
    [null, 'type'],
    ['run', 'type'],
    [['run'], 'type'],
    [{ command: 'x'.repeat(16 * 1024) }, 'too-large'],
    [{ command: 'ä'.repeat(8 * 1024) }, 'too-large'],
  ]),
  [
    'a spec that is too deep',
    `{"image":"app","resources":{"cpu":1,"memoryMib":1},"spec":${'{"a":'.repeat(20)}1${'}'.repeat(20)}}`,
    `${INVALID} #/spec too-deep`,
  ],
  ...broken(DEPLOYMENT, 'maxRuntimeSeconds', [...notIntegers(1, 366 * 86_400), [null, 'type']]),
  ...broken(DEPLOYMENT, 'queueTimeoutSeconds', [...notIntegers(1, 366 * 86_400), [null, 'type']]),
  ...broken(DEPLOYMENT, 'maxRetries', [...notIntegers(0, 100), [null, 'type']]),
  ...['id', 'organizationId', 'status', 'attempt', 'submittedBy', 'toString', 'hasOwnProperty'].flatMap((field) =>
    broken(DEPLOYMENT, field, [['x', 'unknown-field']]),
  ),
  [
    'nothing asked for',
    { ...DEPLOYMENT, resources: { cpu: 0, memoryMib: 0, gpu: 0 } },
    '400 DEPLOYMENTS.EMPTY_REQUEST #/resources empty',
  ],
  [
    'nothing asked for, written as -0',
    '{"image":"app","resources":{"cpu":-0,"memoryMib":-0}}',
    '400 DEPLOYMENTS.EMPTY_REQUEST #/resources empty',
  ],
  ...['9007199254740993', '1e400', '0.1000000000000000055511151231257827'].map((number): BadBody => [
    number,
    `{"image":"app","resources":{"cpu":${number},"memoryMib":1}}`,
    `${INVALID} #/resources/cpu not-exact`,
  ]),
  ...['NaN', 'Infinity', '-Infinity', '0x10', '1.', '.5', '+1', '01', '1_000'].map((number): BadBody => [
    number,
    `{"image":"app","resources":{"cpu":${number},"memoryMib":1}}`,
    '400 REQUEST.MALFORMED_JSON',
  ]),
  [
    'more than the cluster has',
    { ...DEPLOYMENT, resources: { cpu: 5, memoryMib: 1, gpu: 0 } },
    '422 DEPLOYMENTS.EXCEEDS_CAPACITY #/resources exceeds-capacity',
  ],
];

const REPORTS = { reports: [{ id: newId(), outcome: 'succeeded' }] };
const { name: _, ...UNNAMED } = DEPLOYMENT;
const BATCH = { deployments: [DEPLOYMENT, UNNAMED, UNNAMED] };
const COMPLETION = { outcome: 'succeeded', attempt: 1, message: 'exit code 0' };
const CLUSTER = { name: 'pool', capacity: { cpu: 1, memoryMib: 1, gpu: 1 } };
const WITH_POLICY = { ...CLUSTER, policy: { priorityLimitByRole: {}, maxRuntimeSecondsLimitByRole: {} } };

const NOT_POLICIES: [string, Breakage[]][] = [
  ['defaultPriority', [...notIntegers(0, 100), [null, 'type']]],
  ['defaultMaxRuntimeSeconds', notIntegers(1, 366 * 86_400)],
  ['priorityLimitByRole', NOT_OBJECTS.slice(1)],
  ['priorityLimitByRole.developer', [...notIntegers(0, 100), [null, 'type']]],
  ['priorityLimitByRole.viewer', [[1, 'unknown-field']]],
  ['maxRuntimeSecondsLimitByRole', NOT_OBJECTS.slice(1)],
  ['maxRuntimeSecondsLimitByRole.admin', notIntegers(1, 366 * 86_400)],
  ['maxRuntimeSecondsLimitByRole.operator', [[1, 'unknown-field']]],
];
const INVITE = { role: 'viewer', maxUses: 1, expiresInSeconds: 60, note: 'for Ada' };

/** Every route that takes a body, except those of accounts. */
export const BODY_ROUTES: Readonly<Record<string, BodyRoute>> = {
  'create an organization': {
    path: '/v1/organizations',
    valid: { name: 'Lab' },
    bad: broken({ name: 'Lab' }, 'name', [[MISSING, 'required'], ...notNames(64)]),
  },
  'join an organization': {
    path: '/v1/organizations/join',
    valid: { code: 'ABCD' },
    bad: [
      ...broken({ code: 'x' }, 'code', [
        [MISSING, 'required'],
        ['', 'too-short'],
        ['A'.repeat(65), 'too-long'],
        [['A'], 'type'],
        [{ $gt: '' }, 'type'],
      ]),
      ['a code that does not exist', { code: '7G4K-M2QX-9T0B-VHZ3-C8NW-5RJE-1PDA' }, '404 INVITES.NOT_FOUND'],
      ['no code at all', { code: "' or 1=1 --" }, '404 INVITES.NOT_FOUND'],
    ],
  },
  'create an invite': {
    path: '~/invites',
    valid: INVITE,
    bad: [
      ...broken(INVITE, 'role', NOT_CHOICES),
      ...broken(INVITE, 'maxUses', [...notIntegers(1, 1000), [1e9, 'too-large'], [null, 'type']]),
      ...broken(INVITE, 'expiresInSeconds', [...notIntegers(60, 30 * 86_400), [10 * 366 * 86_400, 'too-large']]),
      ...broken(INVITE, 'note', [
        ['x'.repeat(201), 'too-long'],
        ['a\u0000', 'invalid-text'],
        [null, 'type'],
        [1, 'type'],
      ]),
    ],
  },
  'create a cluster': {
    path: '~/clusters',
    valid: CLUSTER,
    bad: [
      ...broken(CLUSTER, 'name', [[MISSING, 'required'], ...notNames(64)]),
      ...broken(CLUSTER, 'capacity', NOT_OBJECTS),
      ...broken(CLUSTER, 'capacity.cpu', [[MISSING, 'required'], ...notAmounts(1_000_000_000)]),
      ...broken(CLUSTER, 'capacity.gpu', notAmounts(1_000_000_000)),
      ...broken(CLUSTER, 'capacity.memoryMib', [[MISSING, 'required'], ...notIntegers(0, 1_000_000_000_000)]),
      ...broken(CLUSTER, 'capacity.tpu', [[1, 'unknown-field']]),
      ...NOT_POLICIES.flatMap(([field, breakages]) => broken(WITH_POLICY, `policy.${field}`, breakages)),
      ...broken(CLUSTER, 'state', [['draining', 'unknown-field']]),
      ...broken(CLUSTER, 'allocated', [[{ cpu: 1 }, 'unknown-field']]),
      ['a name that is taken', { ...CLUSTER, name: 'taken' }, '409 CLUSTERS.NAME_TAKEN'],
      ['a name that differs in case', { ...CLUSTER, name: 'TAKEN' }, '409 CLUSTERS.NAME_TAKEN'],
      ['a name that differs in width', { ...CLUSTER, name: '\uff34aken' }, '409 CLUSTERS.NAME_TAKEN'],
    ],
  },
  'submit a deployment': { path: '*/deployments', valid: DEPLOYMENT, bad: badDeployment },
  'submit many deployments': {
    path: '*/deployments/batch',
    valid: BATCH,
    bad: [
      ...broken(BATCH, 'deployments', [
        [MISSING, 'required'],
        [null, 'type'],
        [{}, 'type'],
        ['x', 'type'],
        [[], 'too-few'],
        [Array.from({ length: 10_001 }, () => ({ image: 'a', resources: { cpu: 1, memoryMib: 1 } })), 'too-many'],
      ]),
      ...broken(BATCH, 'deployments.1', [
        [null, 'type'],
        [[], 'type'],
        ['x', 'type'],
      ]),
      ...broken(BATCH, 'deployments.2.resources.cpu', notAmounts(1_000_000)),
      ...broken(BATCH, 'deployments.2.image', [[MISSING, 'required']]),
      ...broken(BATCH, 'onError', [
        ['ignore', 'one-of'],
        ['', 'one-of'],
        [true, 'one-of'],
        [null, 'one-of'],
      ]),
      [
        'the last item is no image',
        { deployments: [DEPLOYMENT, UNNAMED, { ...DEPLOYMENT, image: 'No' }] },
        '400 DEPLOYMENTS.INVALID_IMAGE #/deployments/2/image invalid-image',
      ],
      [
        'an item with a name that is taken',
        { deployments: [UNNAMED, { ...UNNAMED, name: 'taken' }] },
        '409 DEPLOYMENTS.NAME_TAKEN #/deployments/1/name name-taken',
      ],
      [
        'two items with one name',
        { deployments: [UNNAMED, { ...UNNAMED, name: 'b' }, { ...UNNAMED, name: 'a' }, { ...UNNAMED, name: 'b' }] },
        '409 DEPLOYMENTS.NAME_TAKEN #/deployments/3/name name-taken',
      ],
      [
        'an item asks for nothing',
        { deployments: [DEPLOYMENT, { ...DEPLOYMENT, resources: { cpu: 0, memoryMib: 0 } }] },
        '400 DEPLOYMENTS.EMPTY_REQUEST #/deployments/1/resources empty',
      ],
      [
        'an item exceeds the cluster',
        { deployments: [DEPLOYMENT, { ...DEPLOYMENT, resources: { cpu: 1, memoryMib: 1, gpu: 9 } }] },
        '422 DEPLOYMENTS.EXCEEDS_CAPACITY #/deployments/1/resources exceeds-capacity',
      ],
    ],
  },
  'complete many deployments': {
    path: '*/deployments/complete',
    valid: REPORTS,
    bad: [
      ...broken(REPORTS, 'reports', [
        [MISSING, 'required'],
        [null, 'type'],
        [{}, 'type'],
        [[], 'too-few'],
      ]),
      ...broken(REPORTS, 'reports.0', [
        [null, 'type'],
        ['x', 'type'],
      ]),
      ...broken(REPORTS, 'reports.0.id', NOT_IDS),
      ...broken(REPORTS, 'reports.0.outcome', [...NOT_CHOICES, ['cancelled', 'one-of'], ['timed_out', 'one-of']]),
      ...broken(REPORTS, 'reports.0.attempt', notIntegers(1, 2_147_483_647)),
      ...broken(REPORTS, 'reports.0.status', [['succeeded', 'unknown-field']]),
    ],
  },
  ...CHANGE_ROUTES,
  ...QUESTION_ROUTES,
  'start a deployment': {
    path: '~/deployments/{deploymentId}/start',
    isBodyOptional: true,
    valid: { attempt: 1 },
    bad: [
      ...broken({ attempt: 1 }, 'attempt', [...notIntegers(1, 2_147_483_647), [null, 'type']]),
      ['another attempt', { attempt: 2 }, '409 DEPLOYMENTS.STALE_ATTEMPT'],
    ],
  },
  'complete a deployment': {
    path: '~/deployments/{deploymentId}/complete',
    valid: COMPLETION,
    bad: [
      ...broken(COMPLETION, 'outcome', [...NOT_CHOICES, ['cancelled', 'one-of'], ['queued', 'one-of']]),
      ...broken(COMPLETION, 'attempt', [...notIntegers(1, 2_147_483_647), [null, 'type']]),
      ...broken(COMPLETION, 'message', [
        ['x'.repeat(2001), 'too-long'],
        ['a\u0000', 'invalid-text'],
        [1, 'type'],
        [null, 'type'],
      ]),
      ['another attempt', { outcome: 'succeeded', attempt: 2 }, '409 DEPLOYMENTS.STALE_ATTEMPT'],
    ],
  },
};

/** Bodies that every route refuses. */
export function badSyntax(valid: Readonly<Record<string, unknown>>): readonly BadBody[] {
  const text = JSON.stringify(valid);
  const [first = ''] = Object.keys(valid);
  const member = `${JSON.stringify(first)}:${JSON.stringify(valid[first])}`;
  const extended = (more: string): string => `${text.slice(0, -1)},${more}}`;
  return [
    ['cut off', text.slice(0, -1), '400 REQUEST.MALFORMED_JSON'],
    ['two values', `${text}${text}`, '400 REQUEST.MALFORMED_JSON'],
    ['a trailing comma', `${text.slice(0, -1)},}`, '400 REQUEST.MALFORMED_JSON'],
    ['a comment', `${text}//x`, '400 REQUEST.MALFORMED_JSON'],
    ['a byte order mark', `\ufeff${text}`, '400 REQUEST.MALFORMED_JSON'],
    ['null', 'null', `${INVALID} # type`],
    ['text', '"x"', `${INVALID} # type`],
    ['a number', '1', `${INVALID} # type`],
    ['a list', '[]', `${INVALID} # type`],
    ['a list of one', `[${text}]`, `${INVALID} # type`],
    ['an unknown field', extended('"orgId":"x"'), `${INVALID} #/orgId unknown-field`],
    ['__proto__', extended('"__proto__":{"isOperator":true}'), `${INVALID} #/__proto__ unknown-field`],
    ['constructor.prototype', extended('"constructor":{"prototype":{}}'), `${INVALID} #/constructor unknown-field`],
    ['the same field twice', extended(member), `${INVALID} #/${first} duplicate-key`],
    ['depth', extended(`"x":${'['.repeat(20_000)}${']'.repeat(20_000)}`), `${INVALID} #/x too-deep`],
    ['half a surrogate pair', extended('"x":"\\ud800"'), `${INVALID} #/x invalid-text`],
  ];
}
