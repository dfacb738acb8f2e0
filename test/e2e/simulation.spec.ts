import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { aPerson } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';

const ROOT = resolve(import.meta.dirname, '../..');

type Fields = Record<string, unknown>;

/** Runs the command `plan` on an input. */
function run(input: string | Buffer): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const command = [resolve(ROOT, 'dist/apps/admin/main.js'), 'plan', '-'];
  return spawnSync(process.execPath, command, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

/** What it prints, but for how long it took. */
function printed(problem: unknown): Fields {
  const { stdout, stderr } = run(JSON.stringify(problem));
  if (stdout === '') throw new Error(stderr);
  return { ...(JSON.parse(stdout) as Fields), elapsedMs: expect.any(Number) };
}

const stowage = await sharedInstallation();
const person = await aPerson(stowage.client);

describe('a whole problem', () => {
  const readme = readFileSync(resolve(ROOT, 'apps/admin/PLAN.md'), 'utf8');
  const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '') as Fields & { queue: Fields[] };
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
      'resources that are gathered',
      { reservation: { id: 'large', state: 'gathering' }, running: [runs], queue: [large, small] },
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
      'victims with a grace, and their preemptors',
      {
        policy: { preemption: 'lower-priority', reserveAfterSeconds: null, stopGraceSeconds: 300 },
        running: [{ ...runs, preemptible: true, startedAt: '2025-12-31T20:00:00Z', maxRuntimeSeconds: null }],
        queue: [large, small],
      },
    ],
    ['no reservations', { policy: { reserveAfterSeconds: null }, running: [runs], queue: [large, small] }],
  ])('returns the answer of the command `plan`: %s', async (_what, changes) => {
    const problem = { ...example, ...changes };
    const answer = await person.post<Fields>('/v1/plan', problem);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toEqual({ ...printed(problem), omittedCount: 0 });
  });

  it.each<[string, string | Buffer, string]>([
    [
      'a typing error',
      JSON.stringify({ ...example, policy: { stopGraceSecond: 30 } }),
      'plan: #/policy/stopGraceSecond is not a known field: did you mean stopGraceSeconds?\n',
    ],
    ['what is no JSON', '{', 'plan: the problem must be JSON: it ends too early at line 1, column 2\n'],
    ['what is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'plan: the problem must be JSON in UTF-8\n'],
  ])('exits with 2 in the command `plan`, with place and reason: %s', (_what, input, stderr) => {
    expect(run(input)).toMatchObject({ status: 2, stdout: '', stderr });
  });

  it('accepts 10,000 waiting and 10,000 running deployments, and answers in a readable size', async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => index);
    const queue = many.map((index) => ({ ...small, id: `q${index}`, priority: index % 101 }));
    const running = many.map((index) => ({ ...runs, id: `r${index}` }));
    const answer = await person.post<{ waiting: { blockers: unknown[] }[]; omittedCount: number }>('/v1/plan', {
      ...example,
      capacity: { cpu: 30_000, memoryMib: 10_000, gpu: 5_000 },
      running,
      queue,
    });
    expect(answer.status).toBe(200);
    const { waiting, omittedCount } = answer.body;
    expect(waiting.length + omittedCount).toBe(10_000);
    expect(omittedCount).toBeGreaterThan(0);
    expect(waiting.flatMap(({ blockers }) => blockers).length).toBeLessThanOrEqual(100_000);
  });
});
