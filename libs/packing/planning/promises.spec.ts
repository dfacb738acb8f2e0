import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RESOURCES, ResourceVector } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { keyOf } from '../explain/places.js';
import { plan } from './plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { YIELDING } from '../testing/busy-clusters.js';
import { amounts } from '../testing/problems.js';
import { Simulation, type SimulatedDeployment } from '../simulation/simulation.js';
import { snapshotOf, someState } from '../testing/states.js';
import type { Plan, ReservationCause, ReservationEvent, Snapshot, WaitingShape } from '../types.js';
import { verify } from '../proof/verify.js';
import { ownedReservation } from '../reservation.js';

/** What became of a promise that stood before a plan, where it was not kept: without an event that is a fault. */
function brokenBy({ reservations }: Snapshot, result: Plan): ReservationEvent | 'nothing recorded' | null {
  const reservation = ownedReservation(reservations);
  if (reservation?.state !== 'promised') return null;
  const { id, untilMs } = reservation;
  const event = result.reservationEvents.find((one) => one.id === id);
  const after = ownedReservation(result.reservations);
  const isKept =
    event?.kind === 'started' || (after?.id === id && after.state === 'promised' && after.untilMs <= untilMs);
  return isKept ? null : (event ?? 'nothing recorded');
}

interface World {
  readonly levels: number;
  /** How much longer than declared something may take. */
  readonly late: number;
  /** What the cluster has left from some time on. */
  readonly shrinksTo: number;
}

const someDeployments = ({ levels, late }: World): fc.Arbitrary<SimulatedDeployment[]> =>
  fc
    .array(
      fc.record({
        cpu: fc.integer({ min: 1, max: 40 }),
        memory: fc.nat(40),
        priority: fc.nat(levels - 1),
        arrivesAtSeconds: fc.nat(300),
        declaredSeconds: fc.integer({ min: 1, max: 120 }),
        late: fc.integer({ min: -20, max: late }),
      }),
      { minLength: 5, maxLength: 40 },
    )
    .map((list) =>
      list.map(({ cpu, memory, late: overrun, ...rest }, index) => ({
        ...rest,
        id: `d${String(index).padStart(3, '0')}`,
        request: amounts(cpu, memory),
        takesSeconds: Math.max(1, rest.declaredSeconds + overrun),
      })),
    );

describe('a promise', () => {
  it.each<[string, World, ReservationCause[]]>([
    ['nothing, where all is as declared', { levels: 1, late: 0, shrinksTo: 50 }, []],
    ['nothing but a higher priority', { levels: 3, late: 0, shrinksTo: 50 }, ['higher-priority']],
    ['nothing but who runs too long', { levels: 1, late: 60, shrinksTo: 50 }, ['runtime-overdue']],
    ['nothing but the loss of capacity', { levels: 1, late: 0, shrinksTo: 41 }, ['capacity-lost']],
    ['nothing but the loss of its place', { levels: 1, late: 0, shrinksTo: 25 }, ['capacity-lost', 'too-large']],
  ])('records the cause of every broken promise, in a world with %s', (_, world, causes) => {
    fc.assert(
      fc.property(someDeployments(world), fc.constantFrom(0, 30, 100), fc.nat(300), (list, after, shrinksAt) => {
        const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: after };
        const simulation = new Simulation(amounts(50, 50), policy, list);
        simulation.capacityAt = (seconds) =>
          seconds < shrinksAt ? amounts(50, 50) : amounts(world.shrinksTo, world.shrinksTo);
        simulation.onPass = (snapshot, result) => {
          const broken = brokenBy(snapshot, result);
          if (broken === null) return;
          expect(broken).toMatchObject({ kind: expect.stringMatching(/^(moved-later|held|withdrawn)$/) });
          expect(causes).toContain((broken as ReservationEvent).cause);
        };
        simulation.run(100_000);
      }),
      { numRuns: cases(60) },
    );
  });
});

describe('a promise that counts on preemption', () => {
  it.each([0, 30])(
    'keeps the promise within a grace of %i seconds, where nothing is above and all is as declared',
    (grace) => {
      let [promised, kept] = [0, 0];
      const policy = { ...YIELDING, maxPreemptions: 100, preemptAfterSeconds: 20, stopGraceSeconds: grace };
      fc.assert(
        fc.property(someDeployments({ levels: 3, late: 0, shrinksTo: 50 }), fc.constantFrom(0, 30), (list, after) => {
          const some = list.map((one) => ({ ...one, isPreemptible: one.priority < 2, stopsInSeconds: grace }));
          const simulation = new Simulation(amounts(50, 50), { ...policy, reserveAfterSeconds: after }, some, true);
          simulation.run(100_000);
          for (const { id } of some.filter(({ priority }) => priority === 2)) {
            const [first] = simulation.promises.get(id) ?? [];
            if (first === undefined) continue;
            promised++;
            const startedAt = simulation.startedAtSeconds.get(id) as number;
            expect(startedAt).toBeLessThanOrEqual(first + grace);
            if (startedAt <= first) kept++;
          }
        }),
        { numRuns: cases(150) },
      );
      expect([promised > 20, kept > 10]).toEqual([true, true]);
    },
  );
});

/** Requests that are still held at a time: of what runs, and of what starts by the plan. */
function heldAt({ running, waiting, nowMs }: Snapshot, { place }: Pick<Plan, 'place'>, timeMs: number): ResourceVector {
  const lasts = (endsAtMs: number | null): boolean => endsAtMs === null || endsAtMs <= nowMs || endsAtMs > timeMs;
  return ResourceVector.sum([
    ...running
      .filter(({ endsAtMs }) => lasts(endsAtMs))
      .map(({ resources, count }) => ResourceVector.of(resources).times(count)),
    ...place.flatMap(({ shape, count }) => {
      const { request, maxRuntimeSeconds } = waiting[shape] as WaitingShape;
      const endsAtMs = maxRuntimeSeconds === null ? null : nowMs + maxRuntimeSeconds * 1000;
      return timeMs === nowMs || lasts(endsAtMs) ? [ResourceVector.of(request).times(count)] : [];
    }),
  ]);
}

/** Whether starts keep capacity at a time, beside what else is needed then; a resource of which they take nothing may be overused without them. */
function isWithin(
  snapshot: Snapshot,
  place: Plan['place'],
  timeMs: number,
  needed = ResourceVector.of(amounts(0)),
): boolean {
  const without = heldAt(snapshot, { place: [] }, timeMs).toAmounts();
  const held = heldAt(snapshot, { place }, timeMs).toAmounts();
  return RESOURCES.every(
    (resource) =>
      held[resource] === without[resource] ||
      held[resource] + needed.toAmounts()[resource] <= snapshot.capacity[resource],
  );
}

/** Every choice of starts, whether it fits or not. */
function allStarts({ waiting }: Snapshot): Plan['place'][] {
  return waiting.reduce<Plan['place'][]>(
    (choices, { count }, shape) =>
      choices.flatMap((choice) =>
        Array.from({ length: count + 1 }, (_, some) =>
          some === 0 ? choice : [...choice, { shape, count: some, includes: [] }],
        ),
      ),
    [[]],
  );
}

/** Promises beside preemption are looked at where that is (preemption.spec): here what runs stays. */
const withoutPreemption = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  policy: { ...snapshot.policy, preemption: 'never' },
});

/** The same where nothing has yet to stop either: what is nominated is counted beside what starts, and neither fits yet. */
const withoutNominations = (snapshot: Snapshot): Snapshot => ({
  ...withoutPreemption(snapshot),
  reservations: snapshot.reservations.filter(({ state }) => state !== 'nominated'),
  running: snapshot.running.filter(({ isTerminating }) => isTerminating !== true),
});

describe('the planner, in the middle of the life of a cluster', () => {
  const size = { shapes: 8, waiting: 20, running: 6, largest: 20 };

  it('keeps within capacity now and at the promised start, with a proof that is accepted', () => {
    fc.assert(
      fc.property(someState(size), (state) => {
        const snapshot = withoutPreemption(snapshotOf(state));
        const result = plan(snapshot, { withProof: true });
        const { capacity, nowMs } = snapshot;
        if (result.place.length > 0) expect(heldAt(snapshot, result, nowMs).fitsIn(capacity)).toBe(true);
        const reservation = ownedReservation(result.reservations);
        if (reservation?.state === 'promised') {
          const held = heldAt(snapshot, result, reservation.untilMs);
          const needed = ResourceVector.of(reservation.request);
          for (const resource of RESOURCES) {
            const asked = reservation.request[resource];
            if (asked > 0) expect(held.plus(needed).toAmounts()[resource]).toBeLessThanOrEqual(capacity[resource]);
          }
        }
        expect(verify(snapshot, result)).toEqual({ isAccepted: true });
      }),
      { numRuns: cases(300) },
    );
  });

  it('reaches the best counts of all plans that leave the promised room alone', () => {
    let promises = 0;
    fc.assert(
      fc.property(someState({ shapes: 5, waiting: 8, running: 3, largest: 10 }), (state) => {
        const snapshot = withoutNominations(snapshotOf(state));
        const result = plan(snapshot);
        const { certificate } = result;
        const reservation = ownedReservation(result.reservations);
        if (reservation?.state !== 'promised' || result.reservationEvents.some(({ kind }) => kind === 'started'))
          return;
        if (snapshot.waiting.some(({ priority }) => priority > reservation.priority)) return;
        promises++;
        const best = certificate.levels.map(() => 0);
        for (const place of allStarts(snapshot)) {
          const needed = ResourceVector.of(reservation.request);
          // The owner waits for its promise: only the others of its shape may start.
          const others = snapshot.waiting.map((shape) => shape.count - (keyOf(shape) === keyOf(reservation) ? 1 : 0));
          const isPossible =
            place.every(({ shape, count }) => count <= (others[shape] as number)) &&
            isWithin(snapshot, place, snapshot.nowMs) &&
            isWithin(snapshot, place, reservation.untilMs, needed);
          if (!isPossible) continue;
          const counts = certificate.levels.map(({ priority }) =>
            place.reduce(
              (sum, { shape, count }) => sum + (snapshot.waiting[shape]?.priority === priority ? count : 0),
              0,
            ),
          );
          const changed = counts.findIndex((count, level) => count !== best[level]);
          if (changed >= 0 && (counts[changed] as number) > (best[changed] as number))
            best.splice(0, best.length, ...counts);
        }
        expect(certificate.levels.map(({ placed }) => placed)).toEqual(best);
        expect(certificate.optimal).toBe(true);
      }),
      { numRuns: cases(1000) },
    );
    expect(promises).toBeGreaterThan(0);
  });

  it('returns the same plan for any order of shapes and of what runs', () => {
    fc.assert(
      fc.property(someState(size), fc.infiniteStream(fc.nat()), (state, keys) => {
        const shuffle = <T>(list: readonly T[]): T[] =>
          list
            .map((item) => ({ item, key: keys.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
        const snapshot = withoutPreemption(snapshotOf(state, true));
        const other = { ...snapshot, waiting: shuffle(snapshot.waiting), running: shuffle(snapshot.running) };
        const [result, again] = [plan(snapshot), plan(other)];
        const named = ({ waiting }: Snapshot, { place }: Plan): unknown =>
          place.map(({ shape, ...rest }) => [(waiting[shape] as WaitingShape).oldest.id, rest]);
        expect(named(other, again)).toEqual(named(snapshot, result));
        expect({ ...again, place: [] }).toEqual({ ...result, place: [] });
      }),
      { numRuns: cases(200) },
    );
  });
});
