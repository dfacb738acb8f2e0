import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { plan } from '../plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { membersOf, snapshotOf, someState, startedBy } from '../testing/states.js';
import type { Snapshot } from '../types.js';
import { type OrderRule, whyFirst } from './order.js';

const RUNS = process.env['STOWAGE_DEEP'] === '1' ? 10_000 : 1_000;

/** Why the oldest of the first shape starts before the oldest of the second. */
function why(changes: Partial<Snapshot>): OrderRule {
  const snapshot = aSnapshot(changes);
  const [first, second] = snapshot.waiting.map(({ oldest }, shape) => ({ ...oldest, shape }));
  const result = plan(snapshot);
  expect(result.place.map(({ shape }) => shape)).toContain(0);
  expect(result.place.map(({ shape }) => shape)).not.toContain(1);
  return whyFirst(snapshot, result, first!, second!);
}

describe('why one starts before another', () => {
  it('names the priority', () => {
    const waiting = [aShape({ priority: 51, request: amounts(60) }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'priority', priority: 51, otherPriority: 50 });
  });

  it('names the age of interchangeable ones', () => {
    const waiting = [
      aShape({ request: amounts(60), oldest: { id: 'a', queuedAtMs: -5 } }),
      aShape({ request: amounts(60), maxRuntimeSeconds: 9 }),
    ];
    expect(why({ waiting })).toEqual({ rule: 'age', queuedAtMs: -5, otherQueuedAtMs: 0 });
  });

  it('counts what would have started with the other one', () => {
    const waiting = [aShape({ request: amounts(25), count: 4 }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'more-starts', priority: 50, placed: 4, placedWithOther: 2 });
  });

  it('compares what is used where the counts are equal', () => {
    const waiting = [aShape({ request: amounts(70) }), aShape({ request: amounts(60) })];
    expect(why({ waiting })).toEqual({ rule: 'utilization', utilization: 0.7, utilizationWithOther: 0.6 });
  });

  it('says what keeps the other one even in its place, whatever the priorities', () => {
    const running = [aRunningGroup({ resources: amounts(50) })];
    const waiting = [aShape({ request: amounts(40) }), aShape({ priority: 90, request: amounts(60) })];
    const blockers = [{ code: 'NOT_ENOUGH', resource: 'cpuMillis', needed: 60, available: 50, missing: 10 }];
    expect(why({ running, waiting })).toEqual({ rule: 'did-not-fit', blockers });
  });

  it('names the reservation: the one that it started, and the one that it kept', () => {
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: 0 };
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

  it(`has a reason with true numbers in ${RUNS} states`, () => {
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
          case 'utilization':
            expect(told.utilizationWithOther).toBeLessThan(told.utilization);
            break;
          case 'tie':
            expect(one.priority).toBe(two.priority);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
