import { describe, expect, it } from '@jest/globals';

import { answerOf, plan, type PlanAnswer } from '#packing';

import { InvalidProblem, readProblem } from './plan.js';

const NOW = '2026-01-01T00:00:00Z';
const deployment = (id: string, cpu: number, changes: object = {}): object => ({
  id,
  priority: 50,
  resources: { cpu, memoryMib: 0 },
  queuedAt: NOW,
  ...changes,
});
const running = (changes: object): object => ({
  id: 'r',
  priority: 1,
  resources: { cpu: 1, memoryMib: 0 },
  startedAt: NOW,
  ...changes,
});
const problem = (changes: object = {}): Record<string, unknown> => ({
  capacity: { cpu: 8, memoryMib: 1024 },
  now: NOW,
  queue: [],
  ...changes,
});
const read = (problem: unknown): ReturnType<typeof readProblem> =>
  readProblem(Buffer.from(typeof problem === 'string' ? problem : JSON.stringify(problem)));

const refusalOf = (wrong: unknown): string => {
  try {
    read(wrong);
  } catch (error) {
    if (error instanceof InvalidProblem) return error.message;
    throw error;
  }
  return 'accepted';
};
const answer = (changes: object): PlanAnswer => {
  const given = read(problem(changes));
  return answerOf(given, plan(given.snapshot), (timeMs) => new Date(timeMs).toISOString());
};

describe('the command plan', () => {
  it('starts the oldest of a shape, ties by id', () => {
    const queue = [deployment('c', 3), deployment('b', 3), deployment('a', 3, { queuedAt: '2025-12-31T23:59:59.5Z' })];
    expect(answer({ queue }).place).toEqual(['a', 'b']);
  });

  it('lists the blockers of the others, with numbers', () => {
    const queue = [deployment('small', 7.5), deployment('next', 7.5), deployment('large', 8.001)];
    const { waiting } = answer({ queue });
    expect(waiting).toEqual([
      {
        id: 'small',
        blockers: [
          { code: 'NOT_ENOUGH', resource: 'cpu', needed: 7.5, available: 0.5, missing: 7 },
          { code: 'OUTRANKED', reason: 'starts-in-this-cycle', priority: 50, deployments: 1 },
        ],
      },
      { id: 'large', blockers: [{ code: 'TOO_LARGE', resource: 'cpu', needed: 8.001, capacity: 8, exceeding: 0.001 }] },
    ]);
  });

  it('lists the deployments that start once others have stopped, and until when', () => {
    const policy = { preemption: 'lower-priority', preemptAfterSeconds: 0, stopGraceSeconds: 60 };
    const told = answer({
      policy,
      running: [running({ id: 'r', resources: { cpu: 6, memoryMib: 0 }, preemptible: true })],
      queue: [deployment('a', 2), deployment('b', 2), deployment('c', 2)],
    });
    expect(told).toMatchObject({
      place: ['a'],
      preempt: ['r'],
      nominations: [
        { id: 'b', until: '2026-01-01T00:01:00.000Z' },
        { id: 'c', until: '2026-01-01T00:01:00.000Z' },
      ],
    });
    expect(told.waiting.map(({ id, blockers: [first] }) => [id, first?.code])).toEqual([
      ['b', 'NOMINATED'],
      ['c', 'NOMINATED'],
    ]);
  });

  it('keeps a given reservation, and names the reservation among the blockers of others', () => {
    const running = [
      { id: 'r', priority: 50, resources: { cpu: 4, memoryMib: 0 }, startedAt: NOW, maxRuntimeSeconds: 90 },
    ];
    const queue = [
      deployment('large', 6, { queuedAt: '2025-12-31T23:00:00Z' }),
      deployment('later', 4, { maxRuntimeSeconds: 91 }),
    ];
    const reservation = { id: 'large', promisedAt: '2026-01-01T00:01:30Z' };
    const result = answer({ running, queue, reservation });
    expect(result.place).toEqual([]);
    expect(result.reservation).toMatchObject({ id: 'large', promisedAt: '2026-01-01T00:01:30.000Z' });
    expect(result.waiting[1]?.blockers).toEqual([
      {
        code: 'RESERVATION',
        id: 'large',
        state: 'promised',
        promisedAt: '2026-01-01T00:01:30.000Z',
        until: null,
        resources: [{ resource: 'cpu', needed: 4, available: 2 }],
      },
    ]);
  });

  it('preempts for a higher priority where the policy permits preemption', () => {
    const runs = (id: string, changes: object = {}): object => ({
      id,
      priority: 10,
      resources: { cpu: 4, memoryMib: 0 },
      startedAt: '2025-12-31T23:50:00Z',
      preemptible: true,
      ...changes,
    });
    const running = [runs('worn', { preemptions: 3 }), runs('soft')];
    const queue = [deployment('a', 4)];
    const policy = { preemption: 'lower-priority' };
    expect(answer({ running, queue, policy })).toMatchObject({ place: ['a'], preempt: ['soft'], waiting: [] });
    expect(answer({ running, queue })).toMatchObject({ place: [], preempt: [] });
    expect(answer({ running, queue, policy: { ...policy, preemptAfterSeconds: 601 } }).preempt).toEqual([]);
    expect(answer({ running, queue, policy: { ...policy, maxPreemptions: 4 } }).preempt).toHaveLength(1);
  });

  it('reads thousandths exactly', () => {
    const { snapshot } = read(problem({ queue: [deployment('a', 0.001), deployment('b', 4.35)] }));
    expect(snapshot.waiting.map(({ request }) => request.cpuMillis)).toEqual([1, 4350]);
  });

  it.each<[string, object]>([
    ['#/now must be', { now: 'yesterday' }],
    ['#/capacity/cpu is required', { capacity: { memoryMib: 1 } }],
    ['#/queue/0 must be an object', { queue: [null] }],
    ['#/queue/0/resources must ask for something', { queue: [deployment('a', 0)] }],
    ['#/queue/1/id is the id of #/queue/0 too', { queue: [deployment('a', 1), deployment('a', 1)] }],
    [
      '#/running/1/id is the id of #/running/0 too',
      { running: [running({ preemptible: true }), running({ preemptible: true })] },
    ],
    [
      '#/policy/stopGraceSecond is not a known field: did you mean stopGraceSeconds?',
      { policy: { stopGraceSecond: 30 } },
    ],
    ['#/a~1b is not a known field', { 'a/b': 1 }],
    ['#/reservation/promisedAt is required', { reservation: { id: 'a', state: 'promised' } }],
  ])('names the first invalid field: %s', (message, changes) => {
    expect(refusalOf(problem(changes))).toContain(message);
  });

  it('refuses a file that is no JSON, or that two readers could read differently', () => {
    expect(refusalOf('{')).toContain('the problem must be JSON: it ends too early');
    expect(refusalOf('[]')).toBe('# must be an object');
    const twice = JSON.stringify(problem({ policy: { stopGraceSeconds: 30 } })).replace(
      '30',
      '30,"stopGraceSeconds":0',
    );
    expect(refusalOf(twice)).toBe('#/policy/stopGraceSeconds occurs more than once');
  });

  it('permits more in a file than in a request: search steps, and deployments', () => {
    const stepsOf = (searchSteps: number): number =>
      read(problem({ policy: { searchSteps } })).snapshot.policy.searchSteps;
    expect([0, 100_000_000].map(stepsOf)).toEqual([0, 100_000_000]);
    expect(refusalOf(problem({ policy: { searchSteps: 100_000_001 } }))).toContain('#/policy/searchSteps must be');
    const queue = Array.from({ length: 10_001 }, (_, index) => deployment(`${index}`, 1));
    expect(refusalOf(problem({ queue, running: queue.map((_, index) => running({ id: `${index}` })) }))).toBe(
      'accepted',
    );
  });
});
