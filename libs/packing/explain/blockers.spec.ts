import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Resource, RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import {
  nominatedBy,
  membersOf,
  snapshotOf,
  someState,
  type State,
  startedBy,
  type Waiting,
} from '../testing/states.js';
import { type Blocker, blockersOf, blockersOfOne } from './blockers.js';
import { keyOf } from './places.js';
import { sentenceOf } from './sentence.js';
import { ownedReservation, nominationsOf } from '../reservation.js';

/** Fewer may meet no nomination at all, and the last expectation of the property asks for both kinds. */
const RUNS = Math.max(1_000, cases(1_000));
const SMALL = { shapes: 4, waiting: 8, running: 5, largest: 8 };
const time = (timeMs: number): string => new Date(timeMs).toISOString();

const blockersAlone = (changes: Parameters<typeof aSnapshot>[0]): readonly Blocker[] => {
  const snapshot = aSnapshot(changes);
  return blockersOf(snapshot, plan(snapshot))[0]?.blockers ?? [];
};

/** What is in the way of one more deployment beside a plan, found deployment by deployment and minute by minute instead of by shape. */
function obstacles(state: State, one: Waiting): Set<string> {
  const snapshot = snapshotOf(state);
  const { reservations, preempt } = plan(snapshot);
  const [reservation, nominations] = [ownedReservation(reservations), nominationsOf(reservations)];
  const gone = new Set(preempt.map(({ group }) => group));
  const started = startedBy(state, snapshot);
  const { stopGraceSeconds } = state.policy;
  const graceEndsMs = state.nowMs + stopGraceSeconds * 1000;
  const allocation = [
    ...state.running.flatMap((group, index) => {
      const stays = !gone.has(index) || stopGraceSeconds > 0;
      const endsAtMs = gone.has(index) ? graceEndsMs : group.endsAtMs;
      return stays ? Array.from({ length: group.count }, () => ({ ...group, endsAtMs })) : [];
    }),
    ...state.waiting
      .filter(({ id }) => started.includes(id))
      .map(({ request, maxRuntimeSeconds }) => ({
        resources: request,
        endsAtMs: maxRuntimeSeconds === null ? null : state.nowMs + maxRuntimeSeconds * 1000,
      })),
  ];
  const freeAt = (timeMs: number, resource: Resource): number =>
    allocation
      .filter(({ endsAtMs }) => endsAtMs === null || endsAtMs <= state.nowMs || endsAtMs > timeMs)
      .reduce((free, { resources }) => free - resources[resource], state.capacity[resource]);
  const found = new Set<string>();
  if (state.isCordoned) found.add('CORDONED');
  for (const resource of RESOURCES) {
    const needed = one.request[resource];
    if (needed > state.capacity[resource]) found.add(`TOO_LARGE ${resource}`);
    else if (needed > 0 && needed > freeAt(state.nowMs, resource)) found.add(`NOT_ENOUGH ${resource}`);
  }
  const nominated = nominatedBy(state, snapshot);
  const untilMs = nominated.get(one.id);
  if (untilMs !== undefined) found.add(`NOMINATED own ${untilMs}`);
  const others = nominations.filter((other) => other.priority >= one.priority && keyOf(other) !== keyOf(one));
  const afterStops = (resource: Resource): number =>
    nominations.reduce(
      (free, { request, count }) => free - request[resource] * count,
      state.running
        .filter(({ isTerminating }, index) => isTerminating === true || gone.has(index))
        .reduce((free, { resources, count }) => free + resources[resource] * count, freeAt(state.nowMs, resource)) -
        (stopGraceSeconds > 0 ? 0 : preempt.reduce((sum, { group }) => sum + heldBy(state, group, resource), 0)),
    );
  const nominatedAway = RESOURCES.filter(
    (resource) =>
      others.some(({ request }) => request[resource] > 0) && one.request[resource] > Math.max(0, afterStops(resource)),
  );
  if (nominatedAway.length > 0) found.add(`NOMINATED ${nominatedAway.join()}`);
  if (reservation === null || reservation.id === one.id) return found;
  if (one.priority > reservation.priority && found.size > 0) return found;
  const ends = one.maxRuntimeSeconds === null ? Infinity : state.nowMs + one.maxRuntimeSeconds * 1000;
  const promisedAtMs = reservation.state === 'promised' ? reservation.untilMs : null;
  if (promisedAtMs !== null && ends <= promisedAtMs) return found;
  const inTheWay = RESOURCES.filter((resource) => {
    if (one.request[resource] === 0) return false;
    if (promisedAtMs === null && reservation.request[resource] === 0) return false;
    const left = freeAt(promisedAtMs ?? state.nowMs, resource) - reservation.request[resource];
    return one.request[resource] > Math.max(0, left);
  });
  if (inTheWay.length > 0) found.add(`RESERVATION ${inTheWay.join()}`);
  return found;
}

function heldBy({ running }: State, group: number, resource: Resource): number {
  const { resources, count } = running[group]!;
  return resources[resource] * count;
}

/** The obstacles that blockers name; each of its numbers must be the state's. */
function named(blockers: readonly Blocker[], one: Waiting, state: State): Set<string> {
  return new Set(
    blockers.flatMap((blocker) => {
      if (blocker.code === 'CORDONED') return [blocker.code];
      if (blocker.code === 'TOO_LARGE') {
        expect(blocker.needed).toBe(one.request[blocker.resource]);
        expect(blocker.capacity).toBe(state.capacity[blocker.resource]);
        expect(blocker.exceeding).toBe(blocker.needed - blocker.capacity);
        return [`TOO_LARGE ${blocker.resource}`];
      }
      if (blocker.code === 'NOT_ENOUGH') {
        expect(blocker.needed).toBe(one.request[blocker.resource]);
        expect(blocker.missing).toBe(blocker.needed - blocker.available);
        return [`NOT_ENOUGH ${blocker.resource}`];
      }
      if (blocker.code === 'NOMINATED') {
        return [
          blocker.isOwn
            ? `NOMINATED own ${blocker.untilMs}`
            : `NOMINATED ${blocker.resources.map(({ resource }) => resource).join()}`,
        ];
      }
      if (blocker.code === 'RESERVATION') {
        return [`RESERVATION ${blocker.resources.map(({ resource }) => resource).join()}`];
      }
      return [];
    }),
  );
}

/** Who is ahead, counted one by one. */
function countAhead(
  state: State,
  one: Waiting,
  blocker: Blocker & { code: 'OUTRANKED' },
  missing: readonly Resource[],
): number {
  const started = startedBy(state);
  const needs = ({ request }: Waiting): boolean => missing.some((resource) => request[resource] > 0);
  const couldStart = ({ request }: Waiting): boolean =>
    RESOURCES.every((resource) => request[resource] <= state.capacity[resource]);
  const isLess = ({ request }: Waiting): boolean =>
    RESOURCES.every((resource) => request[resource] <= one.request[resource]) &&
    RESOURCES.some((resource) => request[resource] < one.request[resource]);
  return state.waiting.filter((other) => {
    if (other.priority !== blocker.priority || !needs(other)) return false;
    const starts = started.includes(other.id);
    if (blocker.reason === 'starts-in-this-cycle') return starts;
    if (starts || !couldStart(other)) return false;
    return blocker.reason === 'higher-priority' || isLess(other);
  }).length;
}

describe('blockers', () => {
  it('lists what is needed, available and missing of every resource', () => {
    const running = [aRunningGroup({ resources: amounts(90, 60, 1) })];
    const waiting = [aShape({ request: amounts(20, 50, 2) })];
    expect(blockersAlone({ capacity: amounts(100, 100, 1), running, waiting })).toEqual([
      { code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 20, available: 10, missing: 10 },
      { code: 'NOT_ENOUGH', resource: 'memoryMib', needed: 50, available: 40, missing: 10 },
      { code: 'TOO_LARGE', resource: 'gpuMillis', needed: 2, capacity: 1, exceeding: 1 },
    ]);
  });

  it('counts the deployments that come first, by priority and reason', () => {
    const running = [aRunningGroup({ resources: amounts(100) })];
    const waiting = [
      aShape({ request: amounts(30) }),
      aShape({ priority: 51, request: amounts(40), count: 6 }),
      aShape({ priority: 51, request: amounts(0, 40), count: 9 }),
      aShape({ priority: 51, request: amounts(400), count: 2 }),
      aShape({ request: amounts(29), count: 4 }),
      aShape({ request: amounts(31), count: 5 }),
    ];
    expect(blockersAlone({ running, waiting })).toEqual([
      { code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 30, available: 0, missing: 30 },
      { code: 'OUTRANKED', reason: 'higher-priority', priority: 51, deployments: 6 },
      { code: 'OUTRANKED', reason: 'smaller', priority: 50, deployments: 4 },
    ]);
  });

  it('names the reservation that a deployment would delay, beside what is missing', () => {
    const running = [aRunningGroup({ resources: amounts(50), endsAtMs: 90_000 })];
    const waiting = [
      aShape({ request: amounts(60), maxRuntimeSeconds: 100 }),
      aShape({ request: amounts(80), oldest: { id: 'large', queuedAtMs: -1 } }),
    ];
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: 0 };
    expect(blockersAlone({ policy, running, waiting })).toEqual([
      { code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 60, available: 50, missing: 10 },
      {
        code: 'RESERVATION',
        id: 'large',
        priority: 50,
        state: 'promised',
        untilMs: 90_000,
        resources: [{ resource: 'cpuMillis', needed: 60, available: 20 }],
      },
    ]);
  });

  it('names what stops the whole cluster', () => {
    const snapshot = aSnapshot({ isCordoned: true, waiting: [aShape({})] });
    expect(blockersOf(snapshot, plan(snapshot))[0]?.blockers).toEqual([{ code: 'CORDONED' }]);
    expect(blockersOf(snapshot, plan(snapshot), ['DRAINING'])[0]?.blockers).toEqual([{ code: 'DRAINING' }]);
  });

  it('reports that the search was cut', () => {
    const snapshot = aSnapshot({
      running: [aRunningGroup({ resources: amounts(100) })],
      waiting: [aShape({ request: amounts(60) })],
    });
    const result = plan(snapshot);
    const levels = [{ priority: 50, placed: 0, upperBound: 1 }];
    const cut = { ...result, certificate: { ...result.certificate, levels } };
    expect(blockersOf(snapshot, cut)[0]?.blockers).toContainEqual({ code: 'SEARCH_LIMIT', placed: 0, upperBound: 1 });
  });

  it('names no reservation of a lower priority where a nomination is the only obstacle', () => {
    const preemptible = { id: 'r0', sinceMs: 10_000, preemptions: 0, stopsAtOnce: false };
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: 60, preemptAfterSeconds: 40, stopGraceSeconds: 60 };
    const snapshot = aSnapshot({
      capacity: amounts(15),
      nowMs: 100_000,
      policy: { ...policy, reservationOrder: 'age', preemption: 'lower-priority' },
      running: [
        aRunningGroup({ priority: 10, resources: amounts(4), preemptible }),
        aRunningGroup({ priority: 10, resources: amounts(7), expectedEndMs: 150_000 }),
      ],
      waiting: [
        aShape({ priority: 10, request: amounts(5), oldest: { id: 'w0', queuedAtMs: 0 } }),
        aShape({
          priority: 50,
          request: amounts(2),
          maxRuntimeSeconds: 100,
          count: 2,
          oldest: { id: 'w1', queuedAtMs: 0 },
          followers: [{ id: 'w2', queuedAtMs: 99_000 }],
        }),
        aShape({ priority: 51, request: amounts(5), maxRuntimeSeconds: 5, oldest: { id: 'w3', queuedAtMs: 0 } }),
      ],
    });
    const result = plan(snapshot);
    expect([ownedReservation(result.reservations)?.priority, nominationsOf(result.reservations)[0]?.priority]).toEqual([
      10, 51,
    ]);
    const codes = blockersOf(snapshot, result)
      .find(({ shape }) => shape === 1)
      ?.blockers.map(({ code }) => code);
    expect(codes).toEqual(['NOMINATED']);
  });

  it(`lists in ${RUNS} states exactly the obstacles that are found one deployment at a time`, () => {
    const nominations = { own: 0, others: 0 };
    fc.assert(
      fc.property(someState(SMALL), (state) => {
        const snapshot = snapshotOf(state);
        const result = plan(snapshot);
        const started = startedBy(state, snapshot);
        const members = membersOf(state);
        const left = blockersOf(snapshot, result);
        expect(left.reduce((sum, { waiting }) => sum + waiting, 0)).toBe(state.waiting.length - started.length);
        for (const shape of left) {
          for (const [older, one] of (members[shape.shape] ?? []).filter(({ id }) => !started.includes(id)).entries()) {
            const blockers = blockersOfOne(shape, { ...one, older });
            const found = named(blockers, one, state);
            expect(found).toEqual(obstacles(state, one));
            expect(blockers.length).toBeGreaterThan(0);
            for (const obstacle of found) {
              if (obstacle.startsWith('NOMINATED own')) nominations.own++;
              else if (obstacle.startsWith('NOMINATED')) nominations.others++;
            }
            const missing = blockers.flatMap((blocker) => (blocker.code === 'NOT_ENOUGH' ? [blocker.resource] : []));
            const isTooLarge = blockers.some(({ code }) => code === 'TOO_LARGE');
            const ahead = blockers.filter((blocker) => blocker.code === 'OUTRANKED' && blocker.reason !== 'older');
            for (const blocker of ahead as (Blocker & { code: 'OUTRANKED' })[]) {
              expect(blocker.deployments).toBe(countAhead(state, one, blocker, missing));
            }
            if (missing.length === 0 || isTooLarge) continue;
            for (const priority of new Set(state.waiting.map((other) => other.priority))) {
              for (const reason of ['starts-in-this-cycle', 'higher-priority', 'smaller'] as const) {
                const applies =
                  reason === 'higher-priority'
                    ? priority > one.priority
                    : reason === 'smaller'
                      ? priority === one.priority
                      : priority >= one.priority;
                const probe = { code: 'OUTRANKED', reason, priority, deployments: 0 } as const;
                const isSaid = ahead.some(
                  (blocker) =>
                    blocker.code === 'OUTRANKED' && blocker.reason === reason && blocker.priority === priority,
                );
                expect(isSaid).toBe(applies && countAhead(state, one, probe, missing) > 0);
              }
            }
          }
        }
      }),
      { numRuns: RUNS },
    );
    expect([nominations.own > 0, nominations.others > 0]).toEqual([true, true]);
  });
});

describe('a sentence', () => {
  it('describes in plain words what is missing and which deployments come first', () => {
    const blockers: Blocker[] = [
      { code: 'NOT_ENOUGH', resource: 'gpuMillis', needed: 4000, available: 1000, missing: 3000 },
      { code: 'NOT_ENOUGH', resource: 'memoryMib', needed: 4096, available: 0, missing: 4096 },
      { code: 'OUTRANKED', reason: 'higher-priority', priority: 60, deployments: 2 },
      { code: 'OUTRANKED', reason: 'higher-priority', priority: 51, deployments: 1_204 },
      { code: 'OUTRANKED', reason: 'older', priority: 50, deployments: 1 },
    ];
    expect(sentenceOf(blockers, time)).toBe(
      'It waits because it asks for 4 GPUs and only 1 GPU is free (3 GPUs too few); it asks for 4,096 MiB of memory and none is free (4,096 MiB of memory too few); 1,206 deployments of higher priority wait for the same; 1 deployment just like it has waited longer.',
    );
  });

  it.each<[Blocker, string]>([
    [{ code: 'CORDONED' }, 'cordoned'],
    [{ code: 'DRAINING' }, 'emptied'],
    [{ code: 'CAPACITY_PENDING' }, 'smaller'],
    [
      { code: 'TOO_LARGE', resource: 'cpuMillis', needed: 2500, capacity: 1000, exceeding: 1500 },
      'it asks for 2.5 CPU cores and the whole cluster has only 1 CPU core, so it cannot start',
    ],
    [
      { code: 'RESERVATION', id: 'x', priority: 50, state: 'promised', untilMs: 90_000, resources: [] },
      'another deployment, which was first in turn and starts at 1970-01-01T00:01:30.000Z',
    ],
    [
      { code: 'RESERVATION', id: 'x', priority: 50, state: 'gathering', untilMs: 90_000, resources: [] },
      'is expected to start at 1970-01-01T00:01:30.000Z',
    ],
    [
      { code: 'SEARCH_LIMIT', placed: 1, upperBound: 2 },
      '1 of its priority start, and it has not proven that 2 could not',
    ],
    [{ code: 'SEARCH_LIMIT', placed: 1, upperBound: 9, gapThousandths: 2 }, 'more of this cluster, by up to 0.2%'],
    [{ code: 'RETRY', untilMs: 0 }, 'tried again at 1970-01-01T00:00:00.000Z'],
    [{ code: 'NEXT_PASS' }, 'Nothing is in its way'],
  ])('describes %j in words', (blocker, words) => {
    expect(sentenceOf([blocker], time)).toContain(words);
  });
});
