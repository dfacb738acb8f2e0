import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { someBusyCluster, TRIABLE, YIELDING } from '../testing/busy-clusters.js';
import { aDeployment, afterPlan, DAY, heldIn, playDay, someDay } from '../testing/days.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { Simulation } from '../simulation/simulation.js';
import type { Plan, PlanningPolicy, RunningGroup, Snapshot, WaitingShape } from '../types.js';
import { verify } from '../proof/verify.js';
import { type Nomination, nominationsOf, type OwnedReservation, ownedReservation } from '../reservation.js';

const PATIENT: PlanningPolicy = { ...YIELDING, stopGraceSeconds: 30 };

const runs = (id: string, changes: Partial<RunningGroup> = {}, stopsAtOnce = false): RunningGroup =>
  aRunningGroup({
    priority: 10,
    resources: amounts(50),
    preemptible: { id, sinceMs: -100_000, preemptions: 0, stopsAtOnce },
    ...changes,
  });
const terminating = (changes: Partial<RunningGroup> = {}): RunningGroup =>
  aRunningGroup({ priority: 10, resources: amounts(50), isTerminating: true, endsAtMs: 20_000, ...changes });
const asked = aShape({ request: amounts(60) });
const nomination = (changes: Partial<Nomination> = {}): Nomination => ({
  state: 'nominated',
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

describe('a nomination', () => {
  it('nominates the preemptor until its victims have stopped, at the latest when their grace is over', () => {
    const result = decide({ running: [runs('a'), runs('b')], waiting: [asked] });
    expect(result.preempt.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(result.place).toEqual([]);
    expect(nominationsOf(result.reservations)).toEqual([nomination({ sinceMs: 0, untilMs: 30_000 })]);
    expect(result.certificate.levels[0]).toEqual({ priority: 50, placed: 1, upperBound: 1 });
    // At once, for those that wait again; and when the grace is over.
    expect(result.wakeAtMs).toBe(0);
    const next = decide({
      running: [terminating({ endsAtMs: 30_000 }), terminating({ endsAtMs: 30_000 })],
      waiting: [asked],
    });
    expect(next.wakeAtMs).toBe(30_000);
  });

  it('asks for no pass while the nominated deployment waits, whatever is known of the next in line', () => {
    const policy = { ...PATIENT, reserveAfterSeconds: 0 };
    const running = [terminating({ endsAtMs: 30_000 }), runs('stays', { priority: 60 })];
    const alike = aShape({ request: amounts(50), count: 2 });
    const next = decide({
      policy,
      running,
      waiting: [alike],
      reservations: [nomination({ request: alike.request, untilMs: 30_000 })],
    });
    expect(next).toMatchObject({ place: [], preempt: [], reservations: [{ count: 1 }], wakeAtMs: 30_000 });
  });

  it('starts the older of two nominations of one priority first', () => {
    const older = aShape({ request: amounts(60) });
    const younger = aShape({ request: amounts(40) });
    const reservations = [
      nomination({ request: older.request, sinceMs: 0, untilMs: 20_000 }),
      nomination({ request: younger.request, sinceMs: 5_000, untilMs: 25_000 }),
    ];
    // Both fit once all has stopped; until then there is room for one of them.
    const running = [terminating({ resources: amounts(40), endsAtMs: 25_000 })];
    const result = decide({ nowMs: 20_000, running, waiting: [younger, older], reservations });
    expect(result.place).toMatchObject([{ shape: 1, count: 1 }]);
    expect(nominationsOf(result.reservations)).toMatchObject([
      { request: younger.request, sinceMs: 5_000, untilMs: 25_000 },
    ]);
  });

  it('starts at once where the victims have not been reported as started', () => {
    const result = decide({ running: [runs('a', {}, true), runs('b', {}, true)], waiting: [asked] });
    expect(result.place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(nominationsOf(result.reservations)).toEqual([]);
  });

  it('keeps the nomination while victims stop, and preempts nothing more', () => {
    const result = decide({ running: [terminating(), terminating()], waiting: [asked], reservations: [nomination()] });
    expect(result).toMatchObject({ place: [], preempt: [], reservations: [nomination()] });
  });

  it('starts as soon as enough has stopped', () => {
    const result = decide({
      running: [terminating({ resources: amounts(40) })],
      waiting: [asked],
      reservations: [nomination()],
    });
    expect(result).toMatchObject({ place: [{ shape: 0, count: 1 }], preempt: [], reservations: [] });
  });

  it('keeps the freed room from equal and lower priorities, however small', () => {
    const waiting = [
      asked,
      aShape({ request: amounts(10), count: 9 }),
      aShape({ priority: 10, request: amounts(10), count: 9 }),
    ];
    const result = decide({ running: [terminating()], waiting, reservations: [nomination()] });
    expect(result.place).toEqual([{ shape: 1, count: 4, includes: [] }]);
    expect(nominationsOf(result.reservations)).toEqual([nomination()]);
  });

  it('loses the nomination to a higher priority, and preempts nothing in vain', () => {
    const waiting = [asked, aShape({ priority: 90, request: amounts(50) })];
    const result = decide({ running: [terminating(), terminating()], waiting, reservations: [nomination()] });
    expect(nominationsOf(result.reservations)).toMatchObject([{ priority: 90, count: 1 }]);
    expect(result.preempt).toEqual([]);
  });

  it('yields to the promise of a higher priority, which stays, where the two do not fit together', () => {
    const owner = aShape({ priority: 60, request: amounts(70) });
    const promise: OwnedReservation = {
      ...nomination({ priority: owner.priority, request: owner.request }),
      state: 'promised',
      id: owner.oldest.id,
      untilMs: 90_000,
    };
    const lower = aShape({ request: amounts(20) });
    const changes = {
      policy: { ...PATIENT, reserveAfterSeconds: 0 },
      running: [terminating({ resources: amounts(20) }), aRunningGroup({ resources: amounts(60), endsAtMs: 90_000 })],
      waiting: [owner, lower],
      reservations: [nomination({ request: lower.request }), promise],
    };
    expect(decide({ ...changes, capacity: amounts(90) }).reservations).toMatchObject([{ state: 'nominated' }, promise]);
    // After the cluster has become smaller, together they need more than there is.
    const smaller = decide({ ...changes, capacity: amounts(85) });
    expect(smaller).toMatchObject({ place: [], reservations: [promise], reservationEvents: [] });
  });

  it('loses the nomination before a run of its own priority is preempted', () => {
    const waiting = [aShape({ request: amounts(40) }), aShape({ priority: 90, request: amounts(50) })];
    const own = nomination({ request: amounts(40) });
    const result = decide({ running: [terminating(), runs('equal', { priority: 50 })], waiting, reservations: [own] });
    expect(result.preempt).toEqual([]);
    expect(nominationsOf(result.reservations)).toMatchObject([{ priority: 90 }]);
  });

  it('drops nominations on a cordoned cluster, and of deployments that no longer wait', () => {
    expect(
      decide({ running: [terminating()], waiting: [asked], reservations: [nomination()], isCordoned: true })
        .reservations,
    ).toEqual([]);
    expect(decide({ running: [terminating()], waiting: [], reservations: [nomination()] }).reservations).toEqual([]);
  });

  it('nominates the owner of a reservation that is due', () => {
    const waiting = [
      aShape({ request: amounts(100), oldest: { id: 'large', queuedAtMs: -900_000 } }),
      aShape({ request: amounts(50), count: 2 }),
    ];
    const policy = { ...PATIENT, reserveAfterSeconds: 600, reservationOrder: 'age' } as const;
    const result = decide({ policy, running: [runs('a'), runs('b')], waiting });
    expect(nominationsOf(result.reservations)).toMatchObject([{ request: amounts(100), count: 1 }]);
    expect(result.reservationEvents).toMatchObject([{ id: 'large', kind: 'nominated', cause: 'fits-now' }]);
    const { reservations } = result;
    const later = decide({ policy, running: [terminating(), terminating()], waiting, reservations });
    expect(later).toMatchObject({ place: [], preempt: [], reservationEvents: [] });
    expect(later.reservations).toMatchObject([{ state: 'nominated', request: amounts(100), count: 1 }]);
  });

  it('ends a reservation where all of its shape are nominated, and starts none twice', () => {
    const own = { request: amounts(40), maxRuntimeSeconds: 60 };
    const reservation: OwnedReservation = {
      ...own,
      id: 'third',
      priority: 50,
      count: 1,
      state: 'promised',
      sinceMs: -5_000,
      untilMs: 70_000,
    };
    const waiting = [aShape({ ...own, count: 2, oldest: { id: 'second', queuedAtMs: -950_000 } })];
    const policy = { ...PATIENT, reserveAfterSeconds: 600 };
    const state = { policy, waiting, reservations: [nomination({ ...own, count: 2 }), reservation] };
    const result = decide({ ...state, running: [terminating({ resources: amounts(60) })] });
    expect(result.place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(nominationsOf(result.reservations)).toEqual([nomination({ ...own })]);
    expect(ownedReservation(result.reservations)).toBeNull();
    expect(result.reservationEvents).toEqual([
      { id: 'third', kind: 'nominated', cause: 'fits-now', promisedAtMs: 70_000 },
    ]);
    expect(decide({ ...state, capacity: amounts(1_000) }).place).toEqual([{ shape: 0, count: 2, includes: [] }]);
  });
});

const countOf = (nominations: readonly Nomination[]): number => nominations.reduce((sum, { count }) => sum + count, 0);

describe('the planner', () => {
  it('keeps nominations over any number of passes until all has stopped, then starts these deployments', () => {
    let [nominated, started] = [0, 0];
    const policies = fc.record({
      reserveAfterSeconds: fc.constantFrom(null, null, 300),
      searchSteps: fc.constantFrom(0, 10, 20_000),
    });
    fc.assert(
      fc.property(someBusyCluster(TRIABLE), policies, (some, changes) => {
        let snapshot: Snapshot = { ...some, policy: { ...PATIENT, ...changes } };
        let before: readonly Nomination[] = [];
        // With less of a search, a later pass may find room for more of a higher priority, which outranks nominations; so may a reservation there.
        const isExact = changes.searchSteps === 20_000 && changes.reserveAfterSeconds === null;
        for (let pass = 0; pass < 4; pass++) {
          const result = plan(snapshot, { withProof: true });
          expect(verify(snapshot, result)).toEqual({ isAccepted: true });
          const startedOf = (one: Nomination): number =>
            result.place.reduce((sum, { shape, count }) => {
              const { priority, request } = snapshot.waiting[shape] as WaitingShape;
              return priority === one.priority && RESOURCES.every((key) => request[key] === one.request[key])
                ? sum + count
                : sum;
            }, 0);
          if (pass > 0 && isExact) expect(result.preempt).toEqual([]);
          for (const one of isExact ? before : []) {
            const still = nominationsOf(result.reservations).filter(
              ({ priority, request }) => priority === one.priority && request === one.request,
            );
            expect(countOf(still) + startedOf(one)).toBeGreaterThanOrEqual(one.count);
          }
          if (pass === 3) expect(nominationsOf(result.reservations)).toEqual([]);
          nominated += pass === 0 ? countOf(nominationsOf(result.reservations)) : 0;
          started += pass > 0 ? result.place.length : 0;
          before = nominationsOf(result.reservations);
          snapshot = afterPlan(snapshot, result);
          expect(heldIn(snapshot).fitsIn(snapshot.capacity)).toBe(true);
          const stopped = snapshot.running.findIndex(({ isTerminating }) => isTerminating === true);
          const running = snapshot.running.filter(
            ({ isTerminating }, index) => isTerminating !== true || (pass < 2 && index !== stopped),
          );
          snapshot = { ...snapshot, running };
        }
      }),
      { numRuns: cases(600) },
    );
    expect(nominated).toBeGreaterThan(60);
    expect(started).toBeGreaterThan(60);
  });
});

describe('the planner, over time', () => {
  it('avoids Kueue 13662: victims that stop one after another come back in between', () => {
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

  it('ends nominations when all has stopped, and completes every deployment', () => {
    let nominations = 0;
    fc.assert(
      fc.property(someDay(fc.integer({ min: 1, max: 10 })), fc.constantFrom(null, 600), (list, reserveAfterSeconds) => {
        const policy = { ...YIELDING, reserveAfterSeconds, preemptAfterSeconds: 0, stopGraceSeconds: 600 };
        playDay(list, amounts(16), policy, (snapshot, result) => {
          nominations += nominationsOf(result.reservations).length;
          if (!snapshot.running.some(({ isTerminating }) => isTerminating) && result.preempt.length === 0)
            expect(nominationsOf(result.reservations)).toEqual([]);
        });
      }),
      { numRuns: cases(20) },
    );
    expect(nominations).toBeGreaterThan(20);
  });
});
