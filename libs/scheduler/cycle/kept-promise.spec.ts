import { describe, expect, it } from '@jest/globals';

import { DEFAULT_POLICY, type Nomination, ownedReservation, plan, type Plan, type Snapshot } from '#packing';

import { type Scheduled, withKeptPromise, withNominationsKept, withReservationsKept } from './kept-promise.js';

const amounts = (cpuMillis: number): Snapshot['capacity'] => ({ cpuMillis, memoryMib: 0, gpuMillis: 0 });

/** One that takes half of the cluster for a minute starts; one that needs all of it is promised the end of that minute. */
const snapshot: Snapshot = {
  capacity: amounts(100),
  nowMs: 1_000_000,
  policy: { ...DEFAULT_POLICY, reserveAfterSeconds: 0 },
  isCordoned: false,
  running: [],
  waiting: [
    { priority: 60, request: amounts(50), maxRuntimeSeconds: 60, count: 1, oldest: { id: 'half', queuedAtMs: 1 } },
    { priority: 50, request: amounts(100), maxRuntimeSeconds: null, count: 1, oldest: { id: 'all', queuedAtMs: 2 } },
  ],
  reservations: [],
};
const made: Plan = plan(snapshot);
const PLANNED_MS = 1_060_000;

describe('a promise', () => {
  it('moves a promise to the written end of a deployment that starts in the same pass', () => {
    expect(ownedReservation(made.reservations)).toMatchObject({ id: 'all', untilMs: PLANNED_MS });
    const kept = withKeptPromise(made, [{ plannedMs: PLANNED_MS, actualMs: PLANNED_MS + 7 }]);
    expect(ownedReservation(kept.reservations)?.untilMs).toBe(PLANNED_MS + 7);
    expect(kept.wakeAtMs).toBe(PLANNED_MS + 7);
    expect(kept.reservationEvents).toMatchObject([{ id: 'all', kind: 'promised', promisedAtMs: PLANNED_MS + 7 }]);
  });

  it('moves a promise for ends that were planned before the promise and are written after the promise, and for no others', () => {
    const move = (plannedMs: number, actualMs: number): number | null | undefined =>
      ownedReservation(withKeptPromise(made, [{ plannedMs, actualMs }]).reservations)?.untilMs;
    expect(move(PLANNED_MS - 3, PLANNED_MS + 2)).toBe(PLANNED_MS + 2);
    expect(move(PLANNED_MS - 10, PLANNED_MS - 3)).toBe(PLANNED_MS);
    expect(move(PLANNED_MS + 1, PLANNED_MS + 9)).toBe(PLANNED_MS);
  });

  it('makes no promise where the plan has none', () => {
    const none = { ...made, reservations: [] };
    expect(withKeptPromise(none, [{ plannedMs: 1, actualMs: 2 }])).toBe(none);
  });
});

describe('a reservation whose holder was to start', () => {
  const standing = ownedReservation(made.reservations);
  const free: Snapshot = {
    ...snapshot,
    waiting: snapshot.waiting.slice(1),
    reservations: standing === null ? [] : [standing],
  };
  const started = plan({ ...free, nowMs: PLANNED_MS });

  it('keeps a reservation whose owner did not start, and reports nothing', () => {
    expect(started.reservationEvents).toMatchObject([{ id: 'all', kind: 'started' }]);
    const kept = withReservationsKept(started, standing, [{ deploymentId: 'other' }]);
    expect(kept).toEqual({ ...started, reservations: [standing], reservationEvents: [] });
  });

  it('ends a reservation whose owner started', () => {
    expect(withReservationsKept(started, standing, [{ deploymentId: 'all' }])).toBe(started);
    expect(withReservationsKept(made, null, [])).toBe(made);
  });

  it('drops the event of a start by a reservation that did not exist before and did not happen', () => {
    const fresh = withReservationsKept({ ...started, reservations: [] }, null, []);
    expect(fresh).toMatchObject({ reservations: [], reservationEvents: [] });
  });
});

describe('nominations that were to end by a start', () => {
  const large = { priority: 50, request: amounts(20), maxRuntimeSeconds: null };
  const nominated: Nomination = { ...large, state: 'nominated', count: 3, sinceMs: 1, untilMs: 2 };
  const small = { priority: 50, request: amounts(10), maxRuntimeSeconds: null };
  const room: Snapshot = {
    ...snapshot,
    waiting: [
      { ...small, count: 4, oldest: { id: 'small', queuedAtMs: 1 } },
      { ...large, count: 4, oldest: { id: 'large', queuedAtMs: 2 } },
    ],
    reservations: [nominated],
  };
  const planned = plan(room);
  const started = (one: typeof large, count: number): Scheduled[] =>
    Array.from({ length: count }, (_, index) => ({
      deploymentId: `${one.request.cpuMillis}-${index}`,
      ...one.request,
      priority: one.priority,
      maxRuntimeSeconds: one.maxRuntimeSeconds,
    }));

  it('keeps a nomination whose deployments did not start because the plan was cut', () => {
    expect(planned).toMatchObject({ place: [{ count: 4 }, { shape: 1, count: 3 }], reservations: [] });
    const cut = started(small, 4);
    expect(withNominationsKept(planned, room, cut).reservations).toEqual([nominated]);
    const later = withNominationsKept(planned, room, [...cut, ...started(large, 1)]);
    expect(later.reservations).toEqual([{ ...nominated, count: 2 }]);
  });

  it('adds to the nomination that the plan still has', () => {
    const place = planned.place.map((one) => (one.shape === 1 ? { ...one, count: 2 } : one));
    const remaining = { ...nominated, count: 1, untilMs: 9 };
    const made = { ...planned, place, reservations: [remaining] };
    expect(withNominationsKept(made, room, []).reservations).toEqual([{ ...remaining, count: 3 }]);
    expect(withNominationsKept(made, room, started(large, 2))).toBe(made);
  });

  it('ends nominations that started, that yielded, or that had none before', () => {
    const all = [...started(small, 4), ...started(large, 3)];
    expect(withNominationsKept(planned, room, all)).toBe(planned);
    const yielded = { ...planned, place: [] };
    expect(withNominationsKept(yielded, room, [])).toBe(yielded);
    expect(withNominationsKept(planned, { ...room, reservations: [] }, [])).toBe(planned);
  });
});
