import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { afterPlan } from '../testing/days.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { membersOf, snapshotOf, someState, startedBy } from '../testing/states.js';
import type { RunningGroup, Snapshot } from '../types.js';
import { type OrderRule, whyFirst } from './order.js';
import { nominationsOf } from '../reservation.js';

const RUNS = cases(1_000);

/** Why the oldest of the first shape starts before the oldest of the second. */
function why(changes: Partial<Snapshot>): OrderRule {
  const snapshot = aSnapshot(changes);
  const [first, second] = snapshot.waiting.map(({ oldest }, shape) => ({ ...oldest, shape }));
  const result = plan(snapshot);
  expect(result.place.map(({ shape }) => shape)).toContain(0);
  expect(result.place.map(({ shape }) => shape)).not.toContain(1);
  return whyFirst(snapshot, result, first!, second!);
}

describe('the order of two deployments', () => {
  it('names the priority', () => {
    const waiting = [aShape({ priority: 51, request: amounts(60) }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'priority', priority: 51, otherPriority: 50 });
  });

  it('names the age of interchangeable deployments', () => {
    const waiting = [
      aShape({ request: amounts(60), oldest: { id: 'a', queuedAtMs: -5 } }),
      aShape({ request: amounts(60), maxRuntimeSeconds: 9 }),
    ];
    expect(why({ waiting })).toEqual({ rule: 'age', queuedAtMs: -5, otherQueuedAtMs: 0 });
  });

  it('counts what would have started with the other deployment', () => {
    const waiting = [aShape({ request: amounts(25), count: 4 }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'more-starts', priority: 50, placed: 4, placedWithOther: 2 });
  });

  it('compares utilization where the counts are equal', () => {
    const waiting = [aShape({ request: amounts(70) }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'utilization', utilization: 0.7, utilizationWithOther: 0.6 });
  });

  it('compares utilization first where that is the objective of the policy', () => {
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: null, objective: 'utilization' } as const;
    const large = aShape({ request: amounts(90) });
    const small = aShape({ request: amounts(20), count: 4 });
    expect(why({ policy, waiting: [large, small] })).toEqual({
      rule: 'more-used',
      priority: 50,
      utilization: 0.9,
      utilizationWithOther: 0.8,
    });
    const halves = aShape({ request: amounts(50), count: 2 });
    const whole = aShape({ request: amounts(100) });
    expect(why({ policy, waiting: [halves, whole] })).toMatchObject({ rule: 'more-starts', placedWithOther: 1 });
  });

  it('names what blocks the other deployment even in the place of the first', () => {
    const running = [aRunningGroup({ resources: amounts(50) })];
    const waiting = [aShape({ request: amounts(40) }), aShape({ priority: 90, request: amounts(60) })];
    const blockers = [{ code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 60, available: 50, missing: 10 }];
    expect(why({ running, waiting })).toEqual({ rule: 'did-not-fit', blockers });
  });

  it('names the reservation that started one deployment or blocked the other', () => {
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: 0, reservationOrder: 'age' } as const;
    const waiting = [
      aShape({ request: amounts(90) }),
      aShape({ request: amounts(50), count: 2, oldest: { id: 'z', queuedAtMs: 1 } }),
    ];
    expect(why({ policy, waiting })).toEqual({ rule: 'reservation' });
    const running = [aRunningGroup({ resources: amounts(50), endsAtMs: 90_000 })];
    const behind = [
      aShape({ request: amounts(20), maxRuntimeSeconds: 60 }),
      aShape({ request: amounts(30), maxRuntimeSeconds: 600 }),
      aShape({ request: amounts(80), oldest: { id: 'large', queuedAtMs: -1 } }),
    ];
    expect(why({ policy, running, waiting: behind })).toMatchObject({
      rule: 'did-not-fit',
      blockers: [{ code: 'RESERVATION', id: 'large' }],
    });
  });

  describe('where what runs may be given up', () => {
    const runs = (id: string, changes: Partial<RunningGroup> = {}, seconds = 100): RunningGroup =>
      aRunningGroup({
        priority: 10,
        resources: amounts(50),
        preemptible: { id, sinceMs: -seconds * 1000, preemptions: 0, stopsAtOnce: false },
        ...changes,
      });
    const policy = YIELDING;

    it('names the victims that were stopped for the first and do not yield to the other', () => {
      const running = [runs('a'), runs('b')];
      const above = aShape({ request: amounts(60) });
      const rule = { rule: 'preempted', priority: 50, starts: 1, victims: 2, victimPriority: 10 };
      for (const priority of [10, 5]) {
        const waiting = [above, aShape({ priority, request: amounts(60) })];
        expect(why({ policy, running, waiting })).toEqual({ ...rule, otherPriority: priority });
      }
      const waiting = [above, aShape({ priority: 10, request: amounts(101) })];
      expect(why({ policy, running, waiting })).toMatchObject({
        rule: 'did-not-fit',
        blockers: [{ code: 'TOO_LARGE', needed: 101 }],
      });
    });

    it('names the priority where the same victims could have been stopped for the other', () => {
      const waiting = [aShape({ request: amounts(60) }), aShape({ priority: 40, request: amounts(60) })];
      expect(why({ policy, running: [runs('a'), runs('b')], waiting })).toEqual({
        rule: 'priority',
        priority: 50,
        otherPriority: 40,
      });
    });

    it('names the work that would be lost with the other deployment', () => {
      const waiting = [aShape({ request: amounts(40) }), aShape({ request: amounts(100) })];
      expect(why({ policy, running: [runs('a'), runs('b')], waiting })).toEqual({
        rule: 'less-lost',
        priority: 10,
        stopped: 1,
        stoppedWithOther: 2,
      });
    });

    it('names what the other deployment would lack whatever were stopped', () => {
      const running = [runs('a'), aRunningGroup({ priority: 90, resources: amounts(30) })];
      const waiting = [aShape({ priority: 40, request: amounts(30) }), aShape({ request: amounts(80) })];
      const blockers = [{ code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 80, available: 70, missing: 10 }];
      expect(why({ policy, running, waiting })).toEqual({ rule: 'did-not-fit', blockers });
    });

    it('counts nominated deployments as starts, and names an own nomination', () => {
      const patient = { ...policy, stopGraceSeconds: 30 };
      const running = [runs('a'), runs('b', { resources: amounts(40) })];
      const large = aShape({ request: amounts(60) });
      const waiting = [aShape({ request: amounts(10) }), large];
      const blockers = [{ code: 'NOMINATED', isOwn: true, deployments: 1, untilMs: 30_000, resources: [] }];
      expect(why({ policy: patient, running, waiting })).toEqual({ rule: 'did-not-fit', blockers });
      const { priority, request, maxRuntimeSeconds } = large;
      const reservations = [
        {
          priority,
          request,
          maxRuntimeSeconds,
          count: 1,
          state: 'nominated' as const,
          sinceMs: -10_000,
          untilMs: 20_000,
        },
      ];
      const competitor = aShape({ request: amounts(50) });
      expect(why({ policy: patient, waiting: [large, competitor], reservations })).toEqual({
        rule: 'nominated',
        sinceMs: -10_000,
      });
    });

    it(`gives a reason with true numbers in ${RUNS} states, whatever the grace`, () => {
      const told = new Set<string>();
      fc.assert(
        fc.property(someBusyCluster(TRIABLE), fc.constantFrom(0, 30), fc.nat(), fc.nat(), (some, grace, a, b) => {
          let snapshot: Snapshot = { ...some, policy: { ...policy, stopGraceSeconds: grace } };
          for (let pass = 0; pass < 2; pass++) {
            const result = plan(snapshot);
            const isPlaced = (shape: number): boolean => result.place.some((start) => start.shape === shape);
            const heads = snapshot.waiting.map(({ oldest }, shape) => ({ ...oldest, shape }));
            const placed = heads.filter(({ shape }) => isPlaced(shape));
            const left = heads.filter(({ shape }) => !isPlaced(shape));
            const [first, other] = [placed[a % placed.length], left[b % left.length]];
            if (first === undefined || other === undefined) return;
            const rule = whyFirst(snapshot, result, first, other);
            told.add(rule.rule);
            const [one, two] = [snapshot.waiting[first.shape]!, snapshot.waiting[other.shape]!];
            const victims = result.preempt.filter(({ by }) => by === first.shape);
            const victimPriority = Math.max(...victims.map(({ group }) => snapshot.running[group]!.priority));
            if (rule.rule === 'preempted') {
              expect(rule.priority).toBeGreaterThan(victimPriority);
              expect(rule.otherPriority).toBeLessThanOrEqual(victimPriority);
              expect(rule).toMatchObject({ priority: one.priority, otherPriority: two.priority, victimPriority });
              expect(rule.victims).toBe(victims.length);
            } else if (rule.rule !== 'nominated' && rule.rule !== 'did-not-fit') {
              expect(victimPriority).toBeLessThan(two.priority);
            }
            if (rule.rule === 'nominated')
              expect(nominationsOf(snapshot.reservations).map(({ sinceMs }) => sinceMs)).toContain(rule.sinceMs);
            if (rule.rule === 'more-starts') expect(rule.placedWithOther).toBeLessThan(rule.placed);
            if (rule.rule === 'utilization') expect(rule.utilizationWithOther).toBeLessThan(rule.utilization);
            snapshot = afterPlan(snapshot, result);
            snapshot = { ...snapshot, running: snapshot.running.filter(({ isTerminating }) => isTerminating !== true) };
          }
        }),
        { numRuns: RUNS },
      );
      expect([...told].sort()).toEqual(expect.arrayContaining(['nominated', 'did-not-fit', 'preempted']));
    });
  });

  it(`gives a reason with true numbers in ${RUNS} states`, () => {
    fc.assert(
      fc.property(someState({ shapes: 4, waiting: 8, running: 5, largest: 8 }), fc.nat(), fc.nat(), (state, a, b) => {
        const snapshot = snapshotOf(state);
        const members = membersOf(state);
        const started = startedBy(state, snapshot);
        const contenders = members.flatMap((group, shape) =>
          group.map(({ id, queuedAtMs }) => ({ id, queuedAtMs, shape })),
        );
        const placed = contenders.filter(({ id }) => started.includes(id));
        const left = contenders.filter(({ id }) => !started.includes(id));
        const [first, other] = [placed[a % placed.length], left[b % left.length]];
        if (first === undefined || other === undefined) return;
        const told = whyFirst(snapshot, plan(snapshot), first, other);
        const [one, two] = [snapshot.waiting[first.shape]!, snapshot.waiting[other.shape]!];
        switch (told.rule) {
          case 'reservation':
            expect(plan(snapshot).reservationEvents).toContainEqual(
              expect.objectContaining({ id: first.id, kind: 'started' }),
            );
            break;
          case 'did-not-fit':
            expect(told.blockers.length).toBeGreaterThan(0);
            break;
          case 'priority':
            expect(told).toMatchObject({ priority: one.priority, otherPriority: two.priority });
            break;
          case 'age':
            expect(one.request).toEqual(two.request);
            expect(told.queuedAtMs).toBeLessThanOrEqual(told.otherQueuedAtMs);
            break;
          case 'more-starts':
            expect(told.placedWithOther).toBeLessThan(told.placed);
            break;
          case 'more-used':
          case 'utilization':
            expect(told.utilizationWithOther).toBeLessThan(told.utilization);
            break;
          case 'nominated':
            expect(nominationsOf(snapshot.reservations).map(({ sinceMs }) => sinceMs)).toContain(told.sinceMs);
            break;
          case 'preempted':
            expect(told.victimPriority).toBeGreaterThanOrEqual(two.priority);
            expect(told.priority).toBeGreaterThan(told.victimPriority);
            break;
          case 'less-lost':
            expect(told.priority).toBeLessThan(one.priority);
            break;
          case 'tie':
            expect(one.priority).toBe(two.priority);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
