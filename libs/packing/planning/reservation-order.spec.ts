import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { DEFAULT_POLICY } from '../policy.js';
import { ownedReservation } from '../reservation.js';
import { exceedsCapacity } from '../rows.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { Simulation, type SimulatedDeployment } from '../simulation/simulation.js';
import { RESERVATION_ORDERS, type PlanningPolicy, type Snapshot, type WaitingShape } from '../types.js';
import { plan } from './plan.js';
import { compareTurns } from './reservation-order.js';

const HOUR = 3_600;
const DAY = 24 * HOUR;

const aPolicy = (changes: Partial<PlanningPolicy> = {}): PlanningPolicy => ({
  ...DEFAULT_POLICY,
  reserveAfterSeconds: 0,
  ...changes,
});

/** A shape of one deployment that has waited for some seconds. */
const waited = (id: string, seconds: number, maxRuntimeSeconds: number | null, nowMs: number): WaitingShape =>
  aShape({ request: amounts(80), maxRuntimeSeconds, oldest: { id, queuedAtMs: nowMs - seconds * 1_000 } });

/** The owner of the reservation that a plan gives where nothing fits. */
function ownerOf(
  reservationOrder: PlanningPolicy['reservationOrder'],
  waiting: readonly WaitingShape[],
): string | null {
  const running = [aRunningGroup({ resources: amounts(50), endsAtMs: 30 * DAY * 1_000 + 90_000 })];
  const policy = aPolicy({ reservationOrder });
  const { reservations } = plan(aSnapshot({ policy, nowMs: 30 * DAY * 1_000, running, waiting }));
  return ownedReservation(reservations)?.id ?? null;
}

describe('the order of reservations', () => {
  const nowMs = 30 * DAY * 1_000;

  it('gives the reservation to the oldest where the policy says age', () => {
    const waiting = [waited('short', HOUR, HOUR, nowMs), waited('long', 2 * HOUR, 12 * HOUR, nowMs)];
    expect(ownerOf('age', waiting)).toBe('long');
  });

  it('gives the reservation to the longest wait for its runtime by default', () => {
    const waiting = [waited('short', HOUR, HOUR, nowMs), waited('long', 2 * HOUR, 12 * HOUR, nowMs)];
    expect(ownerOf(DEFAULT_POLICY.reservationOrder, waiting)).toBe('short');
  });

  it('counts runtimes between a minute and twelve hours, and unknown ones as twelve hours', () => {
    expect(ownerOf('relative-wait', [waited('a', 61, 1, nowMs), waited('b', 62, 60, nowMs)])).toBe('b');
    expect(ownerOf('relative-wait', [waited('a', 61, 12 * HOUR, nowMs), waited('b', 62, 30 * DAY, nowMs)])).toBe('b');
    expect(ownerOf('relative-wait', [waited('a', 61, 12 * HOUR, nowMs), waited('b', 62, null, nowMs)])).toBe('b');
  });

  it('takes the typical runtime where none is declared, and only there', () => {
    const typical = (shape: WaitingShape): WaitingShape => ({ ...shape, typicalRuntimeSeconds: HOUR });
    const others = [waited('long', 2 * HOUR, 12 * HOUR, nowMs), waited('hours', 2 * HOUR, 3 * HOUR, nowMs)];
    const short = waited('short', HOUR, null, nowMs);
    expect(ownerOf('relative-wait', [...others, short])).toBe('hours');
    expect(ownerOf('relative-wait', [...others, typical(short)])).toBe('short');
    expect(ownerOf('relative-wait', [typical(others[0]!), others[1]!])).toBe('hours');
    expect(ownerOf('age', [...others, typical(short)])).toBe('hours');
  });

  it('keeps the order of two deployments within a minute of the clock', () => {
    const minute = fc.integer({ min: 0, max: 59_999 });
    const one = fc.record({
      id: fc.constant('a'),
      priority: fc.constant(1),
      queuedAtMs: fc.oneof(
        minute.map((ms) => nowMs + 59_999 - ms),
        fc.integer({ min: 0, max: nowMs }),
      ),
      maxRuntimeSeconds: fc.constantFrom(null, 1, 60, HOUR, DAY),
    });
    const policy = aPolicy();
    fc.assert(
      fc.property(one, one, minute, minute, (a, other, early, late) => {
        const b = { ...other, id: 'b' };
        const [before, after] = [early, late].map((ms) => compareTurns({ policy, nowMs: nowMs + ms })(a, b));
        expect(Math.sign(before!)).toBe(Math.sign(after!));
      }),
      { numRuns: cases(1_000) },
    );
  });

  it('puts what has waited for more than seven days first, by arrival', () => {
    const [week, longer] = [waited('week', 7 * DAY + 1, 7 * DAY, nowMs), waited('longer', 8 * DAY, 30 * DAY, nowMs)];
    const short = waited('short', 6 * DAY, 60, nowMs);
    expect(ownerOf('relative-wait', [short, week])).toBe('week');
    expect(ownerOf('relative-wait', [short, week, longer])).toBe('longer');
  });

  it('puts a higher priority first, however long others have waited', () => {
    const high = { ...waited('high', 0, DAY, nowMs), priority: 60 };
    for (const order of RESERVATION_ORDERS) {
      expect(ownerOf(order, [waited('old', 9 * DAY, 60, nowMs), high])).toBe('high');
    }
  });

  it('orders all deployments, in one way', () => {
    const one = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom(1, 2),
      queuedAtMs: fc.integer({ min: 0, max: nowMs }),
      maxRuntimeSeconds: fc.option(fc.integer({ min: 1, max: 20 * DAY })),
    });
    fc.assert(
      fc.property(fc.constantFrom(...RESERVATION_ORDERS), one, one, one, (reservationOrder, a, b, c) => {
        const compare = compareTurns({ policy: aPolicy({ reservationOrder }), nowMs });
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: cases(300) },
    );
  });
});

describe('a snapshot that does not name every deployment', () => {
  /** Two of one shape are first; one of them starts, and nothing names the other. */
  const passedOver = (): Snapshot =>
    aSnapshot({
      policy: aPolicy({ reservationOrder: 'age' }),
      nowMs: 10_000,
      running: [aRunningGroup({ resources: amounts(50), endsAtMs: 3_600_000 })],
      waiting: [
        aShape({
          request: amounts(50),
          maxRuntimeSeconds: 7_200,
          count: 2,
          oldest: { id: 'first', queuedAtMs: 1_000 },
        }),
        aShape({ request: amounts(100), maxRuntimeSeconds: 600, oldest: { id: 'third', queuedAtMs: 3_000 } }),
      ],
    });

  it('gives no reservation past an unnamed deployment, and asks for another plan at once', () => {
    const { place, reservations, wakeAtMs } = plan(passedOver());
    expect(place).toEqual([{ shape: 0, count: 1, includes: [] }]);
    expect(ownedReservation(reservations)).toBeNull();
    expect(wakeAtMs).toBe(10_000);
  });

  it('gives the reservation to a named deployment that comes before all that may be unnamed', () => {
    const snapshot = passedOver();
    const [first, third] = snapshot.waiting as [WaitingShape, WaitingShape];
    const waiting = [first, { ...third, oldest: { id: 'third', queuedAtMs: 500 } }];
    expect(ownedReservation(plan({ ...snapshot, waiting }).reservations)?.id).toBe('third');
  });
});

/** A day of deployments of a few shapes, with arrays of equal ones. */
const DAYS = fc.array(
  fc.record({
    amount: fc.constantFrom(20, 50, 100),
    count: fc.integer({ min: 1, max: 4 }),
    priority: fc.constantFrom(50, 50, 60),
    arrivesAtSeconds: fc.integer({ min: 0, max: 600 }),
    declaredSeconds: fc.constantFrom(60, 600, 7_200),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
  }),
  { minLength: 3, maxLength: 8 },
);

function deploymentsOf(day: typeof DAYS extends fc.Arbitrary<infer Day> ? Day : never): SimulatedDeployment[] {
  return day.flatMap(({ amount, count, share, ...shape }, group) =>
    Array.from({ length: count }, (_, index) => ({
      ...shape,
      id: `d${group}-${index}`,
      request: amounts(amount),
      takesSeconds: Math.ceil(shape.declaredSeconds * share),
    })),
  );
}

describe('a reservation over time', () => {
  it.each([1, 2, Infinity])(
    'keeps the turn of every deployment that has waited long enough, with %d names of each shape',
    (names) => {
      let given = 0;
      fc.assert(
        fc.property(DAYS, fc.constantFrom(...RESERVATION_ORDERS), fc.constantFrom(0, 30), (day, order, after) => {
          const policy = aPolicy({ reservationOrder: order, reserveAfterSeconds: after });
          const world = new Simulation(amounts(100), policy, deploymentsOf(day));
          world.names = names;
          const all = new Map(deploymentsOf(day).map((one) => [one.id, one]));
          const started = world.startedAtSeconds;
          world.onPass = (snapshot, result) => {
            const before = ownedReservation(snapshot.reservations);
            const owner = ownedReservation(result.reservations);
            if (owner === null || owner.id === before?.id) return;
            given++;
            const now = snapshot.nowMs / 1_000;
            const startsNow = new Set(
              result.place.flatMap((one) => namesOfStarts(snapshot.waiting, one, all, started)),
            );
            const turn = (id: string) => {
              const { priority, arrivesAtSeconds, declaredSeconds } = all.get(id) as SimulatedDeployment;
              return { id, priority, queuedAtMs: arrivesAtSeconds * 1_000, maxRuntimeSeconds: declaredSeconds };
            };
            const compare = compareTurns(snapshot);
            const passed = [...all.values()].filter(
              ({ id, arrivesAtSeconds, request }) =>
                id !== owner.id &&
                arrivesAtSeconds + after <= now &&
                !started.has(id) &&
                !startsNow.has(id) &&
                !exceedsCapacity(snapshot, { request }) &&
                compare(turn(id), turn(owner.id)) < 0,
            );
            expect(passed.map(({ id }) => id)).toEqual([]);
          };
          world.run(100_000);
        }),
        { numRuns: cases(200) },
      );
      expect(given).toBeGreaterThan(50);
    },
  );
});

/** The ids of the deployments that a placement starts: those that it includes, then the oldest that have not started. */
function namesOfStarts(
  waiting: readonly WaitingShape[],
  { shape: index, count, includes }: { shape: number; count: number; includes: readonly string[] },
  all: ReadonlyMap<string, SimulatedDeployment>,
  started: ReadonlyMap<string, number>,
): string[] {
  const { priority, request, maxRuntimeSeconds, oldest } = waiting[index] as WaitingShape;
  const alike = [...all.values()]
    .filter(
      (one) =>
        one.priority === priority &&
        one.declaredSeconds === maxRuntimeSeconds &&
        one.request.cpuMillis === request.cpuMillis &&
        !started.has(one.id) &&
        one.arrivesAtSeconds * 1_000 >= oldest.queuedAtMs,
    )
    .sort((a, b) => a.arrivesAtSeconds - b.arrivesAtSeconds || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
  return [...includes, ...alike.filter((id) => !includes.includes(id))].slice(0, count);
}
