import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { aDeployment, afterPlan, DAY, heldIn, playDay, someDay } from '../testing/days.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { Simulation } from '../testing/simulator.js';
import type {
  Claim,
  Plan,
  PlanningPolicy,
  RunningGroup,
  Snapshot,
  StandingReservation,
  WaitingShape,
} from '../types.js';
import { verify } from '../proof/verify.js';

const PATIENT: PlanningPolicy = { ...YIELDING, stopGraceSeconds: 30 };

const runs = (id: string, changes: Partial<RunningGroup> = {}, stopsAtOnce = false): RunningGroup =>
  aRunningGroup({
    priority: 10,
    resources: amounts(50),
    preemptible: { id, sinceMs: -100_000, preemptions: 0, stopsAtOnce },
    ...changes,
  });
const vacating = (changes: Partial<RunningGroup> = {}): RunningGroup =>
  aRunningGroup({ priority: 10, resources: amounts(50), isVacating: true, endsAtMs: 20_000, ...changes });
const asked = aShape({ request: amounts(60) });
const claim = (changes: Partial<Claim> = {}): Claim => ({
  priority: asked.priority,
  request: asked.request,
  maxRuntimeSeconds: null,
  count: 1,
  sinceMs: -10_000,
  untilMs: 20_000,
  ...changes,
});

function decide(changes: Partial<Snapshot>): Plan {
  const snapshot = aSnapshot({ policy: PATIENT, ...changes });
  const result = plan(snapshot, { withProof: true });
  expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  return result;
}

describe('what displaces others that need time to stop', () => {
  it('has a claim until they have stopped, at the latest when their grace is over', () => {
    const result = decide({ running: [runs('a'), runs('b')], waiting: [asked] });
    expect(result.preempt.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(result.place).toEqual([]);
    expect(result.claims).toEqual([claim({ sinceMs: 0, untilMs: 30_000 })]);
    expect(result.certificate.levels[0]).toEqual({ priority: 50, placed: 1, upperBound: 1 });
    // At once, for those that wait again; and when the grace is over.
    expect(result.wakeAtMs).toBe(0);
    const next = decide({
      running: [vacating({ endsAtMs: 30_000 }), vacating({ endsAtMs: 30_000 })],
      waiting: [asked],
      claims: result.claims,
    });
    expect(next.wakeAtMs).toBe(30_000);
  });

  it('asks for no pass while it waits for that, however little is known of who comes behind it', () => {
    const policy = { ...PATIENT, reserveAfterSeconds: 0 };
    const running = [vacating({ endsAtMs: 30_000 }), runs('stays', { priority: 60 })];
    const alike = aShape({ request: amounts(50), count: 2 });
    const next = decide({
      policy,
      running,
      waiting: [alike],
      claims: [claim({ request: alike.request, untilMs: 30_000 })],
    });
    expect(next).toMatchObject({ place: [], preempt: [], claims: [{ count: 1 }], wakeAtMs: 30_000 });
  });

  it('is not overtaken by a claim of its priority that came later', () => {
    const older = aShape({ request: amounts(60) });
    const younger = aShape({ request: amounts(40) });
    const claims = [
      claim({ request: older.request, sinceMs: 0, untilMs: 20_000 }),
      claim({ request: younger.request, sinceMs: 5_000, untilMs: 25_000 }),
    ];
    // Both fit once all has stopped; until then there is room for one of them.
    const running = [vacating({ resources: amounts(40), endsAtMs: 25_000 })];
    const result = decide({ nowMs: 20_000, running, waiting: [younger, older], claims });
    expect(result.place).toMatchObject([{ shape: 1, count: 1 }]);
    expect(result.claims).toMatchObject([{ request: younger.request, sinceMs: 5_000, untilMs: 25_000 }]);
  });

  it('starts at once beside those that have not started yet', () => {
    const result = decide({ running: [runs('a', {}, true), runs('b', {}, true)], waiting: [asked] });
    expect(result.place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(result.claims).toEqual([]);
  });

  it('keeps its claim while they stop, and gives up nobody else', () => {
    const result = decide({ running: [vacating(), vacating()], waiting: [asked], claims: [claim()] });
    expect(result).toMatchObject({ place: [], preempt: [], claims: [claim()] });
  });

  it('starts as soon as enough has stopped', () => {
    const result = decide({ running: [vacating({ resources: amounts(40) })], waiting: [asked], claims: [claim()] });
    expect(result).toMatchObject({ place: [{ shape: 0, count: 1 }], preempt: [], claims: [] });
  });

  it('is not overtaken by equals, many small ones among them, nor by what is below', () => {
    const waiting = [
      asked,
      aShape({ request: amounts(10), count: 9 }),
      aShape({ priority: 10, request: amounts(10), count: 9 }),
    ];
    const result = decide({ running: [vacating()], waiting, claims: [claim()] });
    expect(result.place).toEqual([{ shape: 1, count: 4, includes: [] }]);
    expect(result.claims).toEqual([claim()]);
  });

  it('loses its claim to a higher priority, and then nobody else is given up for it in vain', () => {
    const waiting = [asked, aShape({ priority: 90, request: amounts(50) })];
    const result = decide({ running: [vacating(), vacating()], waiting, claims: [claim()] });
    expect(result.claims).toMatchObject([{ priority: 90, count: 1 }]);
    expect(result.preempt).toEqual([]);
  });

  it('loses its claim before anybody of its own priority who runs is given up', () => {
    const waiting = [aShape({ request: amounts(40) }), aShape({ priority: 90, request: amounts(50) })];
    const own = claim({ request: amounts(40) });
    const result = decide({ running: [vacating(), runs('equal', { priority: 50 })], waiting, claims: [own] });
    expect(result.preempt).toEqual([]);
    expect(result.claims).toMatchObject([{ priority: 90 }]);
  });

  it('has no claim on a cordoned cluster, nor once it waits no more', () => {
    expect(decide({ running: [vacating()], waiting: [asked], claims: [claim()], isCordoned: true }).claims).toEqual([]);
    expect(decide({ running: [vacating()], waiting: [], claims: [claim()] }).claims).toEqual([]);
  });

  it('does so too when its reservation falls due', () => {
    const waiting = [
      aShape({ request: amounts(100), oldest: { id: 'large', queuedAtMs: -900_000 } }),
      aShape({ request: amounts(50), count: 2 }),
    ];
    const policy = { ...PATIENT, reserveAfterSeconds: 600 };
    const result = decide({ policy, running: [runs('a'), runs('b')], waiting });
    expect(result.claims).toMatchObject([{ request: amounts(100), count: 1 }]);
    expect(result.reservationEvents).toMatchObject([{ id: 'large', kind: 'claimed', cause: 'fits-now' }]);
    const later = decide({ policy, running: [vacating(), vacating()], waiting, claims: result.claims });
    expect(later).toMatchObject({ place: [], preempt: [], reservation: null, reservationEvents: [] });
    expect(later.claims).toMatchObject([{ request: amounts(100), count: 1 }]);
  });

  it('needs no reservation once all of its shape that still wait have claims, and nobody starts twice', () => {
    const own = { request: amounts(40), maxRuntimeSeconds: 60 };
    const reservation: StandingReservation = {
      ...own,
      id: 'third',
      priority: 50,
      queuedAtMs: -900_000,
      state: 'promised',
      sinceMs: -5_000,
      promisedAtMs: 70_000,
      untilMs: null,
    };
    const waiting = [aShape({ ...own, count: 2, oldest: { id: 'second', queuedAtMs: -950_000 } })];
    const policy = { ...PATIENT, reserveAfterSeconds: 600 };
    const state = { policy, waiting, reservation, claims: [claim({ ...own, count: 2 })] };
    const result = decide({ ...state, running: [vacating({ resources: amounts(60) })] });
    expect(result.place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(result.claims).toEqual([claim({ ...own })]);
    expect(result.reservation).toBeNull();
    expect(result.reservationEvents).toEqual([
      { id: 'third', kind: 'claimed', cause: 'fits-now', promisedAtMs: 70_000 },
    ]);
    expect(decide({ ...state, capacity: amounts(1_000) }).place).toEqual([{ shape: 0, count: 2, includes: [] }]);
  });
});

const countOf = (claims: readonly Claim[]): number => claims.reduce((sum, { count }) => sum + count, 0);

describe('always', () => {
  it('claims stand, in any number of passes, until all has stopped; then they start, and nobody else is given up for them', () => {
    let [claimed, started] = [0, 0];
    const policies = fc.record({
      reserveAfterSeconds: fc.constantFrom(null, null, 300),
      searchSteps: fc.constantFrom(0, 10, 20_000),
    });
    fc.assert(
      fc.property(someBusyCluster(TRIABLE), policies, (some, changes) => {
        let snapshot: Snapshot = { ...some, policy: { ...PATIENT, ...changes } };
        let before: readonly Claim[] = [];
        // With less of a search, a later pass may find room for more of a higher priority, which outranks claims; so may a reservation there.
        const isExact = changes.searchSteps === 20_000 && changes.reserveAfterSeconds === null;
        for (let pass = 0; pass < 4; pass++) {
          const result = plan(snapshot, { withProof: true });
          expect(verify(snapshot, result)).toEqual({ isAccepted: true });
          const startedOf = (one: Claim): number =>
            result.place.reduce((sum, { shape, count }) => {
              const { priority, request } = snapshot.waiting[shape] as WaitingShape;
              return priority === one.priority && RESOURCES.every((key) => request[key] === one.request[key])
                ? sum + count
                : sum;
            }, 0);
          if (pass > 0 && isExact) expect(result.preempt).toEqual([]);
          for (const one of isExact ? before : []) {
            const still = result.claims.filter(
              ({ priority, request }) => priority === one.priority && request === one.request,
            );
            expect(countOf(still) + startedOf(one)).toBeGreaterThanOrEqual(one.count);
          }
          if (pass === 3) expect(result.claims).toEqual([]);
          claimed += pass === 0 ? countOf(result.claims) : 0;
          started += pass > 0 ? result.place.length : 0;
          before = result.claims;
          snapshot = afterPlan(snapshot, result);
          expect(heldIn(snapshot).fitsIn(snapshot.capacity)).toBe(true);
          const stopped = snapshot.running.findIndex(({ isVacating }) => isVacating === true);
          const running = snapshot.running.filter(
            ({ isVacating }, index) => isVacating !== true || (pass < 2 && index !== stopped),
          );
          snapshot = { ...snapshot, running };
        }
      }),
      { numRuns: cases(600) },
    );
    expect(claimed).toBeGreaterThan(60);
    expect(started).toBeGreaterThan(60);
  });
});

describe('over time', () => {
  it('Kueue 13662: victims that stop one after another do not come back in between, to be given up again', () => {
    const list = [
      aDeployment('a', { stopsInSeconds: 10 }),
      aDeployment('b', { stopsInSeconds: 500, arrivesAtSeconds: 1 }),
      aDeployment('large', { priority: 5, request: amounts(100), arrivesAtSeconds: 1_000, takesSeconds: 5_000 }),
      ...Array.from({ length: 120 }, (_, minute) =>
        aDeployment(`tick${minute}`, {
          request: amounts(0, 1),
          arrivesAtSeconds: 1_000 + minute * 10,
          takesSeconds: 1,
        }),
      ),
    ];
    const policy = { ...YIELDING, preemptAfterSeconds: 0, maxPreemptions: 1_000, stopGraceSeconds: 600 };
    const simulation = new Simulation(amounts(100, 1), policy, list, true).run(DAY / 4);
    expect(simulation.evictions.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(simulation.startedAtSeconds.get('large')).toBe(1_500);
    expect(simulation.startedAtSeconds.get('a')).toBe(6_500);
  });

  it('claims end when all has stopped, and in the end all come to theirs', () => {
    let claims = 0;
    fc.assert(
      fc.property(someDay(fc.integer({ min: 1, max: 10 })), fc.constantFrom(null, 600), (list, reserveAfterSeconds) => {
        const policy = { ...YIELDING, reserveAfterSeconds, preemptAfterSeconds: 0, stopGraceSeconds: 600 };
        playDay(list, amounts(16), policy, (snapshot, result) => {
          claims += result.claims.length;
          if (!snapshot.running.some(({ isVacating }) => isVacating) && result.preempt.length === 0)
            expect(result.claims).toEqual([]);
        });
      }),
      { numRuns: cases(20) },
    );
    expect(claims).toBeGreaterThan(20);
  });
});
