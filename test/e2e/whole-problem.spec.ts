import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { InvalidProblem } from '../../apps/plan/fields.js';
import { readProblem } from '../../apps/plan/problem.js';
import { aPerson } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { badSyntax } from './bad-bodies.js';
import { QUESTION_ROUTES } from './bad-questions.js';
import { type Schema, type Variant, Variants } from './problem-variants.js';

const ROOT = resolve(import.meta.dirname, '../..');

type Fields = Record<string, unknown>;

/** As much of the API's document as is needed. */
interface Described {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Runs `npm run plan` on an input. */
function run(input: string | Buffer): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const command = [resolve(ROOT, 'dist/apps/plan/main.js'), '-'];
  return spawnSync(process.execPath, command, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** What it prints, but for how long it took. */
function printed(problem: unknown): Fields {
  const { stdout, stderr } = run(JSON.stringify(problem));
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Fields), elapsedMs: expect.any(Number) };
}

/** The place that the file's reader finds wrong; undefined: nothing. */
function wrongInFile(problem: unknown): string | undefined {
  try {
    readProblem(typeof problem === 'string' ? problem : JSON.stringify(problem));
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidProblem)) throw error;
    return /^#\S*/.exec(error.message)?.[0] ?? '#';
  }
}

/** The one range in which a file may say more than a request, beside how many deployments there are. */
const SEARCH_STEPS = 'policy.searchSteps = ';
const MORE_STEPS = [`${SEARCH_STEPS}0`, `${SEARCH_STEPS}200001`];

const stowage = await sharedInstallation();
const person = await aPerson(stowage.client);

describe('a whole problem', () => {
  const readme = readFileSync(resolve(ROOT, 'apps/plan/README.md'), 'utf8');
  const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '') as Fields & { queue: Fields[] };
  const NOW = '2026-01-01T00:00:00Z';
  const shape = { cpu: 3, memoryMib: 1, gpu: 0.5 };
  const large = { id: 'large', priority: 50, resources: { cpu: 8, memoryMib: 1 }, queuedAt: '2025-12-31T20:00:00Z' };
  const small = { id: 'x', priority: 50, resources: shape, queuedAt: '2025-12-31T23:00:00Z', maxRuntimeSeconds: 90 };
  const runs = { id: 'r', priority: 9, resources: shape, startedAt: '2025-12-31T23:59:00Z', maxRuntimeSeconds: 3600 };

  it.each<[string, Fields]>([
    ['the example of its README', {}],
    ['nothing that waits', { queue: [] }],
    [
      'a promise that it makes',
      { running: [runs], queue: [large, small, { ...small, id: 'y' }, { ...small, id: 'z' }] },
    ],
    [
      'a reservation that stands',
      {
        running: [{ ...runs, preemptible: true, preemptions: 1 }],
        reservation: { id: 'large', promisedAt: '2026-01-01T00:59:00.000Z', state: 'promised', until: null },
        queue: [large, { ...small, maxRuntimeSeconds: null, resources: { cpu: 4, memoryMib: 1 } }],
        policy: { reserveAfterSeconds: 60 },
      },
    ],
    [
      'resources that are held',
      { reservation: { id: 'large', state: 'held' }, running: [runs], queue: [large, small] },
    ],
    ['more that runs than fits', { capacity: { cpu: 1, memoryMib: 1 }, running: [runs, runs], queue: [small, large] }],
    [
      'what is given up',
      {
        policy: { preemption: 'lower-priority', reserveAfterSeconds: null },
        running: [{ ...runs, preemptible: true, startedAt: '2025-12-31T20:00:00Z', maxRuntimeSeconds: null }],
        queue: [large, small],
      },
    ],
    [
      'what is given time to stop, and for whom',
      {
        policy: { preemption: 'lower-priority', reserveAfterSeconds: null, stopGraceSeconds: 300 },
        running: [{ ...runs, preemptible: true, startedAt: '2025-12-31T20:00:00Z', maxRuntimeSeconds: null }],
        queue: [large, small],
      },
    ],
    ['no reservations', { policy: { reserveAfterSeconds: null }, running: [runs], queue: [large, small] }],
  ])('is answered as by `npm run plan`: %s', async (_what, changes) => {
    const problem = { ...example, ...changes };
    const answer = await person.post<Fields>('/v1/plan', problem);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({ ...printed(problem), waitingUntold: 0 });
  });

  /** Everything that a problem may say. */
  const whole: Fields = {
    ...example,
    policy: {
      searchSteps: 100,
      reserveAfterSeconds: 600,
      reserveHoldSeconds: 3_600,
      preemption: 'lower-priority',
      preemptAfterSeconds: 60,
      maxPreemptions: 3,
      stopGraceSeconds: 30,
    },
    reservation: {
      id: 'x',
      promisedAt: '2026-01-01T01:00:00Z',
      state: 'promised',
      since: '2025-12-31T23:59:00Z',
      until: '2026-01-01T02:00:00Z',
    },
    running: [{ ...runs, preemptible: true, preemptions: 1 }],
    queue: [small],
  };

  it('may say in a file what it may say in a request, and nothing else: each field at and beyond its limits, and unknown ones', async () => {
    const document = (await (await fetch(`${stowage.client.url}/openapi.json`)).json()) as Described;
    const { schemas } = document.components;
    const lookUp = (reference: string): Schema => schemas[reference.slice('#/components/schemas/'.length)] ?? {};
    const variants: Variant[] = [
      ['everything', whole],
      ['a waiting id twice', { ...whole, queue: [small, small] }],
      ['an id that runs twice', { ...whole, running: [runs, runs] }],
      ['a preemptible id twice', { ...whole, running: [1, 2].map(() => ({ ...runs, preemptible: true })) }],
      ['a promise for no time', { ...whole, reservation: { id: 'x', state: 'promised' } }],
      ['a state beside a promise', { ...whole, reservation: { id: 'x', state: 'held', promisedAt: NOW } }],
      ['a request for nothing', { ...whole, queue: [{ ...small, resources: { cpu: 0, memoryMib: 0 } }] }],
      ...new Variants(whole, lookUp).of(lookUp('#/components/schemas/WholeProblem')),
    ];
    const verdicts = { accepted: 0, refused: 0 };
    const disagreements: string[] = [];
    for (const [what, body] of variants) {
      const answer = await person.post<{ errors?: { pointer: string }[] }>('/v1/plan', body);
      const wrong = answer.status === 200 ? undefined : (answer.body.errors?.[0]?.pointer ?? '#');
      verdicts[wrong === undefined ? 'accepted' : 'refused']++;
      if (wrong !== wrongInFile(body)) disagreements.push(what);
    }
    expect(disagreements).toEqual(MORE_STEPS);
    expect(verdicts.accepted).toBeGreaterThan(50);
    expect(verdicts.refused).toBeGreaterThan(500);
  });

  it('is refused in a file wherever it is refused in a request', () => {
    const { valid, bad } = QUESTION_ROUTES['plan a whole problem'] ?? { valid: {}, bad: [] };
    const rows = [...bad, ...badSyntax(valid)].filter(
      ([what, , refusal]) => !MORE_STEPS.includes(what) && !refusal.endsWith('too-many'),
    );
    expect(wrongInFile(valid)).toBeUndefined();
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter(([, body]) => wrongInFile(body) === undefined).map(([what]) => what)).toEqual([]);
  });

  it.each<[string, string | Buffer, string]>([
    [
      'a typing error',
      JSON.stringify({ ...whole, policy: { stopGraceSecond: 30 } }),
      'plan: #/policy/stopGraceSecond is not a known field: did you mean stopGraceSeconds?\n',
    ],
    ['what is no JSON', '{', 'plan: the problem must be JSON: it ends too early at line 1, column 2\n'],
    ['what is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'plan: the problem must be JSON in UTF-8\n'],
  ])('is refused by `npm run plan` with exit code 2, the place and the reason: %s', (_what, input, stderr) => {
    expect(run(input)).toMatchObject({ status: 2, stdout: '', stderr });
  });

  it('may have 10,000 that wait and 10,000 that run, and its answer stays of a size that can be read', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => index);
    const queue = many.map((index) => ({ ...small, id: `q${index}`, priority: index % 101 }));
    const running = many.map((index) => ({ ...runs, id: `r${index}` }));
    const answer = await person.post<{ waiting: { blockers: unknown[] }[]; waitingUntold: number }>('/v1/plan', {
      ...example,
      capacity: { cpu: 30_000, memoryMib: 10_000, gpu: 5_000 },
      running,
      queue,
    });
    expect(answer.status).toBe(200);
    const { waiting, waitingUntold } = answer.body;
    expect(waiting.length + waitingUntold).toBe(10_000);
    expect(waitingUntold).toBeGreaterThan(0);
    expect(waiting.flatMap(({ blockers }) => blockers).length).toBeLessThanOrEqual(100_000);
  });
});
