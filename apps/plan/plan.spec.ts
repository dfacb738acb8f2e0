import { describe, expect, it } from '@jest/globals';

import { plan } from '#packing';

import { toAnswer } from './answer.js';
import { InvalidProblem } from './fields.js';
import { readProblem } from './problem.js';

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
const refusalOf = (wrong: unknown): string => {
  try {
    readProblem(typeof wrong === 'string' ? wrong : JSON.stringify(wrong));
  } catch (error) {
    if (error instanceof InvalidProblem) return error.message;
    throw error;
  }
  return 'accepted';
};
const answer = (changes: object): ReturnType<typeof toAnswer> => {
  const read = readProblem(JSON.stringify(problem(changes)));
  return toAnswer(read, plan(read.snapshot), 0);
};

describe('the offline planner', () => {
  it('starts the oldest of a shape, ties by id', () => {
    const queue = [deployment('c', 3), deployment('b', 3), deployment('a', 3, { queuedAt: '2025-12-31T23:59:59.5Z' })];
    expect(answer({ queue }).place).toEqual(['a', 'b']);
  });

  it('tells with numbers what keeps the others', () => {
    const queue = [deployment('small', 7.5), deployment('next', 7.5), deployment('large', 8.001)];
    const { waiting } = answer({ queue });
    expect(waiting).toEqual([
      {
        id: 'small',
        blockers: [
          { code: 'NOT_ENOUGH', resource: 'cpu', needed: 7.5, available: 0.5, missing: 7 },
          { code: 'AHEAD', reason: 'starts-now', priority: 50, deployments: 1 },
        ],
      },
      { id: 'large', blockers: [{ code: 'TOO_LARGE', resource: 'cpu', needed: 8.001, capacity: 8, exceeding: 0.001 }] },
    ]);
  });

  it('names who starts once others have stopped, and until when', () => {
    const policy = { preemption: 'lower-priority', preemptAfterSeconds: 0, stopGraceSeconds: 60 };
    const told = answer({
      policy,
      running: [running({ id: 'r', resources: { cpu: 6, memoryMib: 0 }, preemptible: true })],
      queue: [deployment('a', 2), deployment('b', 2), deployment('c', 2)],
    });
    expect(told).toMatchObject({
      place: ['a'],
      preempt: ['r'],
      claims: [
        { id: 'b', until: '2026-01-01T00:01:00.000Z' },
        { id: 'c', until: '2026-01-01T00:01:00.000Z' },
      ],
    });
    expect(told.waiting.map(({ id, blockers: [first] }) => [id, first?.code])).toEqual([
      ['b', 'CLAIM'],
      ['c', 'CLAIM'],
    ]);
  });

  it('keeps a reservation that is given, and names it to those behind it', () => {
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

  it('gives up what is preemptible for what waits with a higher priority, where the policy says so', () => {
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
    const { snapshot } = readProblem(
      JSON.stringify(problem({ queue: [deployment('a', 0.001), deployment('b', 4.35)] })),
    );
    expect(snapshot.waiting.map(({ request }) => request.cpuMillis)).toEqual([1, 4350]);
  });

  it.each<[string, object]>([
    ['#/now must be a timestamp', { now: 'yesterday' }],
    ['#/now must be a timestamp', { now: '2026-02-30T00:00:00Z' }],
    ['#/now must be a timestamp such as 2026-01-01T00:00:00Z, from 1970 to 9899', { now: '9900-01-01T00:00:01Z' }],
    ['#/capacity/cpu must be', { capacity: { memoryMib: 1 } }],
    ['#/capacity/memoryMib must be', { capacity: { cpu: 1, memoryMib: 1.5 } }],
    ['#/queue must be a list', { queue: {} }],
    ['#/queue/0 must be an object', { queue: [null] }],
    ['#/queue/0/id must be text of 1 to 200 characters', { queue: [deployment('😀'.repeat(201), 1)] }],
    ['#/queue/0/resources/cpu must be', { queue: [deployment('a', 0.0001)] }],
    ['#/queue/0/resources/cpu must be', { queue: [deployment('a', -1)] }],
    ['#/queue/0/resources must ask for something', { queue: [deployment('a', 0)] }],
    ['#/queue/1/id must be unique', { queue: [deployment('a', 1), deployment('a', 1)] }],
    ['#/queue/0/priority must be', { queue: [deployment('a', 1, { priority: 101 })] }],
    ['#/queue/0/maxRuntimeSeconds must be', { queue: [deployment('a', 1, { maxRuntimeSeconds: 0 })] }],
    ['#/running/0/startedAt must be', { running: [{ id: 'r', priority: 1, resources: { cpu: 1, memoryMib: 0 } }] }],
    ['#/policy/searchSteps must be', { policy: { searchSteps: -1 } }],
    ['#/policy/preemption must be one of never, lower-priority', { policy: { preemption: 'always' } }],
    ['#/policy/stopGraceSeconds must be', { policy: { stopGraceSeconds: 0.5 } }],
    ['#/policy/stopGraceSeconds must be a whole number from 0 to 86400', { policy: { stopGraceSeconds: 86_401 } }],
    ['#/policy/stopGraceSeconds must be', { policy: { stopGraceSeconds: null } }],
    ['#/policy/maxPreemptions must be a whole number from 0 to 1000', { policy: { maxPreemptions: 1_001 } }],
    ['#/policy/reserveAfterSeconds must be', { policy: { reserveAfterSeconds: 31_536_001 } }],
    ['#/policy/reserveHoldSeconds must be', { policy: { reserveHoldSeconds: 0 } }],
    ['#/running/0/preemptible must be true or false', { running: [running({ preemptible: 'yes' })] }],
    ['#/running/0/preemptions must be', { running: [running({ preemptions: -1 })] }],
    ['#/running/1/id must be unique', { running: [running({ preemptible: true }), running({ preemptible: true })] }],
    ['#/reservation/id must be text', { reservation: {} }],
    ['#/reservation/state must be one of', { reservation: { id: 'a', promisedAt: NOW, state: 'kept' } }],
    ['#/reservation/promisedAt is required', { reservation: { id: 'a', state: 'promised' } }],
  ])('names what is wrong: %s', (message, changes) => {
    expect(refusalOf(problem(changes))).toContain(message);
  });

  it.each<[string, object]>([
    [
      '#/policy/stopGraceSecond is not a known field: did you mean stopGraceSeconds?',
      { policy: { stopGraceSecond: 30 } },
    ],
    [
      '#/running/0/preemptable is not a known field: did you mean preemptible?',
      { running: [running({ preemptable: true })] },
    ],
    [
      '#/running/0/preempted is not a known field: known are id, priority, resources, startedAt, maxRuntimeSeconds, preemptible, preemptions',
      { running: [running({ preempted: 2 })] },
    ],
    ['#/running/0/status is not a known field', { running: [running({ status: 'running' })] }],
    [
      '#/queue/0/preemptible is not a known field: known are id, ',
      { queue: [deployment('a', 1, { preemptible: true })] },
    ],
    ['#/policy/preemptibleBelowPriority is not a known field', { policy: { preemptibleBelowPriority: 20 } }],
    [
      '#/reservation/promised_at is not a known field: did you mean promisedAt?',
      { reservation: { id: 'a', promised_at: NOW } },
    ],
    ['#/capacity/memory is not a known field: did you mean memoryMib?', { capacity: { cpu: 1, memory: 1 } }],
    [
      '#/queue/0/resources/gpus is not a known field: did you mean gpu?',
      { queue: [deployment('a', 1, { resources: { cpu: 1, memoryMib: 0, gpus: 1 } })] },
    ],
    ['#/a~1b is not a known field: known are capacity, now', { 'a/b': 1 }],
  ])('refuses what would have no effect: %s', (message, changes) => {
    expect(refusalOf(problem(changes))).toContain(message);
  });

  it('refuses what another reader would read otherwise', () => {
    expect(refusalOf('{')).toContain('the problem must be JSON: it ends too early');
    expect(refusalOf('[]')).toBe('the problem must be an object');
    const twice = JSON.stringify(problem({ policy: { stopGraceSeconds: 30 } })).replace(
      '30',
      '30,"stopGraceSeconds":0',
    );
    expect(refusalOf(twice)).toBe('#/policy/stopGraceSeconds occurs more than once');
  });

  it('may be told to search for longer than a service would', () => {
    const read = (searchSteps: number): number =>
      readProblem(JSON.stringify(problem({ policy: { searchSteps } }))).snapshot.policy.searchSteps;
    expect([0, 100_000_000].map(read)).toEqual([0, 100_000_000]);
    expect(refusalOf(problem({ policy: { searchSteps: 100_000_001 } }))).toContain('#/policy/searchSteps must be');
  });
});
