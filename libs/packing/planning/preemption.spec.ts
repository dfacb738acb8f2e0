import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ResourceVector } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { bestYield, ceilingsOf, yielding } from '../testing/best-yield.js';
import { type BusySize, someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { snapshotOf, someState } from '../testing/states.js';
import type { Plan, PlanningPolicy, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { verify } from '../proof/verify.js';
import { ownedReservation } from '../reservation.js';

const LARGE: BusySize = { running: 60, shapes: 12, count: 5, largest: 40, elapsed: 50_000 };

const runs = (id: string, changes: Partial<RunningGroup> = {}, seconds = 100, preemptions = 0): RunningGroup =>
  aRunningGroup({
    priority: 10,
    resources: amounts(50),
    preemptible: { id, sinceMs: -seconds * 1000, preemptions, stopsAtOnce: false },
    ...changes,
  });
const busy = (changes: Partial<Snapshot> = {}): Snapshot => aSnapshot({ policy: YIELDING, ...changes });
const gone = ({ preempt }: Plan): string[] => preempt.map(({ id }) => id);
const started = ({ place }: Plan): number => place.reduce((sum, { count }) => sum + count, 0);

describe('preemption', () => {
  it('preempts for a higher priority, and names the preemptor and the lost work', () => {
    const result = plan(busy({ running: [runs('a'), runs('b', {}, 90)], waiting: [aShape({ request: amounts(50) })] }));
    expect(result.preempt).toEqual([{ id: 'b', group: 1, by: 0, lostSeconds: 90 }]);
    expect(result.place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(result.certificate).toMatchObject({
      optimal: true,
      levels: [
        { priority: 50, placed: 1, upperBound: 1 },
        {
          priority: 10,
          placed: 0,
          upperBound: 0,
          preemption: { eligibleCount: 2, retainedCount: 1, retainedWork: 50_000, upperBound: 50_000 },
        },
      ],
    });
  });

  it.each<[string, Partial<Snapshot>]>([
    ['where the policy says never', { policy: { ...YIELDING, preemption: 'never' } }],
    ['where it has run for too short a time', { running: [runs('a', {}, 59), runs('b', {}, 59)] }],
    ['where it was given up too often already', { running: [runs('a', {}, 100, 2), runs('b', {}, 100, 2)] }],
    ['where it is not marked', { running: [aRunningGroup({ priority: 10, resources: amounts(100) })] }],
    ['where it has the same priority', { running: [runs('a', { priority: 50 }), runs('b', { priority: 51 })] }],
    [
      'where it is stopping already',
      { running: [runs('a', { isTerminating: true }), runs('b', { isTerminating: true })] },
    ],
    ['on a cordoned cluster', { isCordoned: true }],
    ['where more runs than there is', { capacity: amounts(99) }],
    ['where nothing could start even so', { waiting: [aShape({ request: amounts(101) })] }],
    ['where what waits fits as it is', { capacity: amounts(150) }],
    ['where nothing waits', { waiting: [] }],
  ])('preempts nothing %s', (_, changes) => {
    const snapshot = busy({ running: [runs('a'), runs('b')], waiting: [aShape({ request: amounts(50) })], ...changes });
    const result = plan(snapshot, { withProof: true });
    expect(result.preempt).toEqual([]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it('loses the least work, not the fewest deployments', () => {
    const running = [
      runs('long', { resources: amounts(60) }, 1_000),
      runs('a', { resources: amounts(20) }),
      runs('b', { resources: amounts(20) }),
    ];
    expect(gone(plan(busy({ running, waiting: [aShape({ request: amounts(40) })] })))).toEqual(['a', 'b']);
  });

  it('loses the fewest deployments where the work is equal', () => {
    const running = [
      runs('one', { resources: amounts(40) }, 100),
      runs('a', { resources: amounts(20) }),
      runs('b', { resources: amounts(20) }),
    ];
    const waiting = [aShape({ request: amounts(60) })];
    expect(gone(plan(busy({ running, waiting, capacity: amounts(100) })))).toEqual(['one']);
  });

  it('preempts the lowest priority first', () => {
    const running = [runs('low', { priority: 1 }, 9_000), runs('high', { priority: 2 }, 100)];
    expect(gone(plan(busy({ running, waiting: [aShape({ request: amounts(50) })] })))).toEqual(['low']);
  });

  it('chooses starts that leave more of what runs', () => {
    const running = [runs('a', { resources: amounts(30, 70) }), runs('b', { resources: amounts(60, 10) }, 5_000)];
    const waiting = [aShape({ request: amounts(70, 30) }), aShape({ request: amounts(30, 60) })];
    const result = plan(busy({ capacity: amounts(90, 80), running, waiting }));
    expect(gone(result)).toEqual(['a']);
    expect(result.place).toEqual([{ shape: 1, count: 1, includes: [] }]);
  });

  it('gives the room that is left to lower priorities', () => {
    const running = [runs('a', { resources: amounts(100) })];
    const waiting = [aShape({ request: amounts(60) }), aShape({ priority: 10, request: amounts(20), count: 5 })];
    const result = plan(busy({ running, waiting }));
    expect(result.place.map(({ count }) => count)).toEqual([1, 2]);
    expect(gone(result)).toEqual(['a']);
  });

  it('asks for a pass at the time at which a candidate has run long enough', () => {
    const running = [runs('a', { resources: amounts(100) }, 20)];
    expect(plan(busy({ running, waiting: [aShape({ request: amounts(60) })] })).wakeAtMs).toBe(40_000);
    expect(plan(busy({ running, waiting: [aShape({ priority: 10, request: amounts(60) })] })).wakeAtMs).toBeNull();
    expect(plan(busy({ running, waiting: [aShape({ request: amounts(101) })] })).wakeAtMs).toBeNull();
  });

  it('counts the work of a small part of a large cluster', () => {
    const running = [runs('new', { resources: amounts(1) }, 100), runs('old', { resources: amounts(1) }, 9_000)];
    const waiting = [aShape({ request: amounts(100_000) })];
    expect(gone(plan(busy({ capacity: amounts(100_001), running, waiting })))).toEqual(['new']);
  });
});

describe('a start beside a promise', () => {
  const policy = { ...YIELDING, preemptAfterSeconds: 0, reserveAfterSeconds: 0 };
  // The first in line waits for the one GPU until the tenth second, and wants 30 of 100 beside it.
  const busyUntilTen = aRunningGroup({ priority: 90, resources: amounts(0, 0, 1), endsAtMs: 10_000 });
  const first = aShape({ priority: 50, request: amounts(30, 0, 1) });
  const low = aShape({ priority: 40, request: amounts(60) });
  const lowest = aShape({ priority: 10, request: amounts(40) });
  const before = busy({ policy, capacity: amounts(100, 0, 1), running: [busyUntilTen], waiting: [first, low, lowest] });
  const afterwards = (result: Plan, mayYield: boolean): Snapshot => {
    const started = runs('low', { priority: 40, resources: amounts(60) }, 0);
    const { preemptible: _, ...stays } = started;
    const { reservations } = result;
    return { ...before, running: [busyUntilTen, mayYield ? started : stays], waiting: [first, lowest], reservations };
  };

  it('makes room for more in the pass that follows at once', () => {
    const result = plan(before);
    expect(result.place).toMatchObject([{ shape: 1, count: 1 }]);
    expect(ownedReservation(result.reservations)).toMatchObject({ state: 'promised', untilMs: 10_000 });
    expect(result.wakeAtMs).toBe(0);
    const next = plan(afterwards(result, true));
    expect(next.place).toMatchObject([{ shape: 1, count: 1 }]);
  });

  it('makes room for a preemptor beside the promise', () => {
    const middle = aShape({ priority: 45, request: amounts(50) });
    const yields = runs('yields', { priority: 10, resources: amounts(40), endsAtMs: 5_000 }, 0);
    const upper = aShape({ priority: 46, request: amounts(50) });
    const result = plan({ ...before, running: [busyUntilTen, yields], waiting: [first, upper, middle] });
    expect(result.place).toMatchObject([{ shape: 1, count: 1 }]);
    expect(result.wakeAtMs).toBe(0);
    const running = [busyUntilTen, yields, runs('upper', { priority: 46, resources: amounts(50) }, 0)];
    const next = plan({ ...before, running, waiting: [first, middle], reservations: result.reservations });
    expect(next.place).toMatchObject([{ shape: 1, count: 1 }]);
    expect(gone(next)).toEqual(['yields']);
  });

  it('asks for another pass at once, and again when the policy permits preemption', () => {
    const next = plan(afterwards(plan(before), false));
    expect(next.place).toEqual([]);
    expect(next.wakeAtMs).toBe(10_000);
    const later = { ...policy, preemptAfterSeconds: 3 };
    const result = plan({ ...before, policy: later });
    expect(result.wakeAtMs).toBe(0);
    expect(plan({ ...afterwards(result, true), policy: later }).wakeAtMs).toBe(3_000);
    expect(plan({ ...before, policy: { ...policy, preemption: 'never' } }).wakeAtMs).toBe(10_000);
  });
});

describe('the planner, against trying everything', () => {
  it.each<[string, BusySize, number]>([
    ['distinct work', TRIABLE, 8_000],
    ['many ties', { ...TRIABLE, elapsed: 2, largest: 4 }, 2_000],
  ])('retains and starts the best at each priority, certified: %s', (_, size, count) => {
    let [victims, unique] = [0, 0];
    fc.assert(
      fc.property(someBusyCluster(size), (snapshot) => {
        const result = plan(snapshot);
        const given = new Set(gone(result));
        const best = bestYield(snapshot, given);
        expect(result.certificate.optimal).toBe(true);
        const of = (priority: number): number => yielding(snapshot).filter((one) => one.priority === priority).length;
        expect(result.certificate.levels).toEqual(
          best.map(({ priority, placed, work, count: stay }) => ({
            priority,
            placed,
            upperBound: placed,
            ...(of(priority) > 0
              ? {
                  preemption: {
                    eligibleCount: of(priority),
                    retainedCount: stay,
                    retainedWork: work,
                    upperBound: work,
                  },
                }
              : {}),
          })),
        );
        for (const { priority, victims: expected } of best) {
          const mine = result.preempt.filter(({ group }) => snapshot.running[group]?.priority === priority);
          if (expected !== null) expect(mine.map(({ id }) => id).sort()).toEqual(expected);
          if (expected !== null && expected.length > 0) unique++;
          victims += mine.length;
        }
      }),
      { numRuns: cases(count) },
    );
    expect(victims).toBeGreaterThan(cases(count));
    expect(unique).toBeGreaterThan(cases(count) / 20);
  });
});

/** Resources that some hold together. */
const total = (
  list: readonly { readonly amounts: WaitingShape['request']; readonly count: number }[],
): ResourceVector => ResourceVector.sum(list.map(({ amounts: each, count }) => ResourceVector.of(each).times(count)));

/** What a plan starts above a priority. */
const startsAbove = ({ waiting }: Snapshot, { place }: Plan, priority: number): ResourceVector =>
  total(
    place.flatMap(({ shape, count }) => {
      const { request, priority: own } = waiting[shape] as WaitingShape;
      return own > priority ? [{ amounts: request, count }] : [];
    }),
  );

/** Everything that must be true of any plan, however little was looked for. */
function checkYield(snapshot: Snapshot, result: Plan): void {
  const candidates = yielding(snapshot);
  const victims = result.preempt.map(({ group }) => snapshot.running[group] as RunningGroup);
  expect(new Set(gone(result)).size).toBe(victims.length);
  const stays = snapshot.running.filter((group) => !victims.includes(group));
  const held = (groups: readonly RunningGroup[]): ResourceVector =>
    total(groups.map(({ resources, count }) => ({ amounts: resources, count })));
  if (started(result) > 0) {
    expect(
      held(stays)
        .plus(startsAbove(snapshot, result, -1))
        .fitsIn(snapshot.capacity),
    ).toBe(true);
  }
  for (const [index, victim] of victims.entries()) {
    const { by, id } = result.preempt[index] as Plan['preempt'][number];
    expect(candidates).toContain(victim);
    expect(victim.preemptible?.id).toBe(id);
    expect(snapshot.waiting[by]?.priority).toBeGreaterThan(victim.priority);
    expect(result.place.some(({ shape }) => shape === by)).toBe(true);
    const beside = stays.filter((group) => !candidates.includes(group) || group.priority >= victim.priority);
    const needed = held([...beside, victim]).plus(startsAbove(snapshot, result, victim.priority));
    expect(needed.fitsIn(snapshot.capacity)).toBe(false);
  }
}

describe('the planner', () => {
  const someBudget = fc.constantFrom(0, 1, 3, 10, 50, 20_000);
  const withPolicy = (snapshot: Snapshot, changes: Partial<Snapshot['policy']>): Snapshot => ({
    ...snapshot,
    policy: { ...snapshot.policy, ...changes },
  });

  it('preempts nothing in vain, for its own or a lower priority, or against the policy, whatever the budget', () => {
    fc.assert(
      fc.property(someBusyCluster(LARGE), someBudget, fc.constantFrom(null, 0, 300), (some, searchSteps, after) => {
        const snapshot = withPolicy(some, { searchSteps, reserveAfterSeconds: after });
        const result = plan(snapshot, { withProof: true });
        checkYield(snapshot, result);
        expect(verify(snapshot, result)).toEqual({ isAccepted: true });
      }),
      { numRuns: cases(250) },
    );
  });

  it('preempts nothing in vain in small clusters, with reservations of the pass before', () => {
    let promises = 0;
    fc.assert(
      fc.property(someBusyCluster(TRIABLE), someBudget, (some, searchSteps) => {
        const snapshot = withPolicy(some, { searchSteps, reserveAfterSeconds: 300 });
        const first = plan(snapshot, { withProof: true });
        checkYield(snapshot, first);
        expect(verify(snapshot, first)).toEqual({ isAccepted: true });
        const again = { ...snapshot, reservations: first.reservations };
        const second = plan(again, { withProof: true });
        checkYield(again, second);
        expect(verify(again, second)).toEqual({ isAccepted: true });
        if (ownedReservation(first.reservations)?.state === 'promised') promises++;
      }),
      { numRuns: cases(1_000) },
    );
    expect(promises).toBeGreaterThan(0);
  });

  it('keeps bounds at or above what is possible, whether proven or not', () => {
    let [open, told] = [0, 0];
    const tight: BusySize = { ...TRIABLE, largest: 30 };
    fc.assert(
      fc.property(someBusyCluster(tight), fc.constantFrom(0, 0, 1, 3, 20_000), (some, searchSteps) => {
        const snapshot = withPolicy(some, { searchSteps });
        const result = plan(snapshot, { withProof: true });
        expect(verify(snapshot, result)).toEqual({ isAccepted: true });
        const ceilings = ceilingsOf(snapshot, result);
        let isOpen = false;
        for (const [index, { placed, upperBound, preemption }] of result.certificate.levels.entries()) {
          const { work, placed: most } = ceilings[index] as (typeof ceilings)[number];
          expect(placed).toBeLessThanOrEqual(most);
          expect(most).toBeLessThanOrEqual(upperBound);
          if (preemption !== undefined) {
            expect(preemption.retainedWork).toBeLessThanOrEqual(work);
            expect(work).toBeLessThanOrEqual(preemption.upperBound);
          }
          const waits = snapshot.waiting.filter(
            ({ priority }) => priority === result.certificate.levels[index]?.priority,
          );
          if (isOpen && upperBound < waits.reduce((sum, { count }) => sum + count, 0)) told++;
          isOpen ||= preemption !== undefined && preemption.retainedWork < preemption.upperBound;
        }
        if (isOpen) open++;
      }),
      { numRuns: cases(1_500) },
    );
    // Below what is not proven something is known all the same.
    expect([open > 40, told > 10]).toEqual([true, true]);
  });

  it('returns the same plan for any order of input, and when asked twice', () => {
    fc.assert(
      fc.property(someBusyCluster(LARGE), fc.infiniteStream(fc.nat()), (snapshot, keys) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
        const other = { ...snapshot, waiting: shuffle(snapshot.waiting), running: shuffle(snapshot.running) };
        const named = ({ waiting }: Snapshot, { place, preempt }: Plan): unknown => [
          place.map(({ shape, ...rest }) => [waiting[shape]?.oldest.id, rest]),
          preempt.map(({ id, by, lostSeconds }) => [id, waiting[by]?.oldest.id, lostSeconds]),
        ];
        const [result, again] = [plan(snapshot), plan(other)];
        expect(plan(snapshot)).toEqual(result);
        expect(named(other, again)).toEqual(named(snapshot, result));
        expect(again.certificate).toEqual(result.certificate);
      }),
      { numRuns: cases(150) },
    );
  });

  describe('a plan without preemption equals one without marks', () => {
    /** Everything that only preemption reads is gone. */
    const silent = (snapshot: Snapshot): Snapshot => ({
      ...snapshot,
      policy: { ...DEFAULT_POLICY, ...ownOf(snapshot.policy) },
      running: snapshot.running.map(({ preemptible: _, ...group }) => group),
    });
    const ownOf = ({ searchSteps, reserveAfterSeconds }: PlanningPolicy): Partial<PlanningPolicy> => ({
      searchSteps,
      reserveAfterSeconds,
    });
    const letters = (snapshot: Snapshot): string => JSON.stringify(plan(snapshot, { withProof: true }));

    it.each<[string, fc.Arbitrary<Snapshot>, number]>([
      ['many that run', someBusyCluster(LARGE), 100],
      ['few', someBusyCluster(TRIABLE), 300],
      [
        'in the middle of their life',
        someState({ shapes: 6, waiting: 12, running: 8, largest: 12 }).map((state) => snapshotOf(state)),
        300,
      ],
    ])('returns the same plan: %s', (_, clusters, count) => {
      let marks = 0;
      const some = { searchSteps: someBudget, reserveAfterSeconds: fc.constantFrom(null, 0, 300) };
      fc.assert(
        fc.property(clusters, fc.record(some), (cluster, changes) => {
          const snapshot = withPolicy({ ...cluster, reservations: [] }, { ...changes, preemption: 'never' });
          marks += snapshot.running.filter(({ preemptible }) => preemptible !== undefined).length;
          expect(letters(snapshot)).toBe(letters(silent(snapshot)));
          const again = { ...snapshot, reservations: plan(snapshot).reservations };
          expect(letters(again)).toBe(letters(silent(again)));
        }),
        { numRuns: cases(count) },
      );
      expect(marks).toBeGreaterThan(count / 4);
    });
  });
});
