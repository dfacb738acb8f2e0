import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ResourceVector } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { Simulation, type SimulatedDeployment } from '../simulation/simulation.js';
import type { PlanningPolicy, Snapshot } from '../types.js';
import { verify } from '../proof/verify.js';
import { type OwnedReservation, ownedReservation } from '../reservation.js';

const AT_ONCE: PlanningPolicy = { ...DEFAULT_POLICY, reserveAfterSeconds: 0, reservationOrder: 'age' };

let serial = 0;
function aDeployment(changes: Partial<SimulatedDeployment> = {}): SimulatedDeployment {
  const takesSeconds = changes.takesSeconds ?? 60;
  serial++;
  return {
    id: `d${String(serial).padStart(6, '0')}`,
    priority: 50,
    request: amounts(10),
    arrivesAtSeconds: 0,
    declaredSeconds: takesSeconds,
    takesSeconds,
    ...changes,
  };
}

function aReservation(changes: Partial<OwnedReservation> = {}): OwnedReservation {
  return {
    id: 'large',
    priority: 50,
    request: amounts(80),
    maxRuntimeSeconds: null,
    count: 1,
    state: 'promised',
    sinceMs: 0,
    untilMs: 90_000,
    ...changes,
  };
}

const large = aShape({ request: amounts(80), oldest: { id: 'large', queuedAtMs: 0 } });

/** A large one waits behind a running deployment; small ones wait with it. */
function blocked(changes: Partial<Snapshot> = {}): Snapshot {
  return aSnapshot({
    policy: AT_ONCE,
    running: [aRunningGroup({ resources: amounts(50), endsAtMs: 90_000 })],
    waiting: [large],
    ...changes,
  });
}

describe('a reservation', () => {
  it('starts the older of two equal requests first, whatever their declared runtimes', () => {
    const [predecessor, younger] = [
      aShape({ request: amounts(60), maxRuntimeSeconds: 3_600, oldest: { id: 'elder', queuedAtMs: 1_000 } }),
      aShape({ request: amounts(60), maxRuntimeSeconds: 60, oldest: { id: 'younger', queuedAtMs: 2_000 } }),
    ];
    for (const waiting of [
      [predecessor, younger],
      [younger, predecessor],
    ]) {
      const decided = plan(aSnapshot({ policy: AT_ONCE, nowMs: 5_000, waiting }));
      expect(decided.place.map(({ shape }) => waiting[shape]?.oldest.id)).toEqual(['elder']);
      expect(ownedReservation(decided.reservations)).toMatchObject({ id: 'younger', untilMs: 3_605_000 });
    }
  });

  it('starts the older of two of one shape first', () => {
    const twins = aShape({
      request: amounts(60),
      maxRuntimeSeconds: 60,
      count: 2,
      oldest: { id: 'elder', queuedAtMs: 1_000 },
      followers: [{ id: 'younger', queuedAtMs: 2_000 }],
    });
    const decided = plan(aSnapshot({ policy: AT_ONCE, nowMs: 5_000, waiting: [twins] }));
    expect(decided.place).toEqual([{ shape: 0, count: 1, includes: ['elder'] }]);
    expect(ownedReservation(decided.reservations)).toMatchObject({ id: 'younger' });
  });

  it('starts nothing before the promise that needs its room: four deployments as on paper', () => {
    const simulation = new Simulation(
      amounts(100),
      AT_ONCE,
      [
        aDeployment({ id: 'B1', request: amounts(50), takesSeconds: 90, arrivesAtSeconds: 0 }),
        aDeployment({ id: 'A', request: amounts(60), takesSeconds: 60, arrivesAtSeconds: 10 }),
        aDeployment({ id: 'B2', request: amounts(50), takesSeconds: 90, arrivesAtSeconds: 30 }),
        aDeployment({ id: 'C', request: amounts(50), takesSeconds: 30, arrivesAtSeconds: 60 }),
      ],
      true,
    ).run(1000);
    expect(Object.fromEntries(simulation.startedAtSeconds)).toEqual({ B1: 0, C: 60, A: 90, B2: 150 });
    expect(simulation.promises.get('A')).toEqual([90, 90, 90]);
  });

  it('promises the time at which declared runtimes make room', () => {
    const result = plan(blocked());
    expect(ownedReservation(result.reservations)).toMatchObject({
      id: 'large',
      state: 'promised',
      untilMs: 90_000,
    });
    expect(result.reservationEvents).toEqual([
      { id: 'large', kind: 'promised', cause: 'waited-long-enough', promisedAtMs: 90_000 },
    ]);
    expect(result.wakeAtMs).toBe(90_000);
  });

  it('waits until the deployment has waited long enough, and asks for a pass then', () => {
    const result = plan(blocked({ policy: { ...AT_ONCE, reserveAfterSeconds: 600 } }));
    expect(ownedReservation(result.reservations)).toBeNull();
    expect(result.wakeAtMs).toBe(600_000);
  });

  it('asks for a pass at once where the next of a shape is not named', () => {
    const twins = aShape({ request: amounts(40), count: 2, oldest: { id: 'first', queuedAtMs: 0 } });
    const early = plan(blocked({ policy: DEFAULT_POLICY, waiting: [twins] }));
    // The next one came after the first.
    expect([early.place[0]?.count, early.wakeAtMs]).toEqual([1, 600_000]);
    const result = plan(blocked({ waiting: [twins] }));
    expect([result.place[0]?.count, result.wakeAtMs]).toEqual([1, 0]);
    const next = { ...twins, count: 1, oldest: { id: 'second', queuedAtMs: 0 } };
    const running = [aRunningGroup({ resources: amounts(90), endsAtMs: 90_000 })];
    expect(ownedReservation(plan(blocked({ running, waiting: [next] })).reservations)?.id).toBe('second');
  });

  it('lets others start that end by then, or fit beside the promise', () => {
    const waiting = [
      large,
      aShape({ request: amounts(30), maxRuntimeSeconds: 85, oldest: { id: 'a', queuedAtMs: 1 } }),
      aShape({ request: amounts(20), maxRuntimeSeconds: null, oldest: { id: 'b', queuedAtMs: 1 } }),
      aShape({ request: amounts(21), maxRuntimeSeconds: 86, oldest: { id: 'c', queuedAtMs: 1 } }),
    ];
    expect(plan(blocked({ waiting, nowMs: 5_000 })).place.map(({ shape }) => shape)).toEqual([2, 1]);
  });

  /** Ten of 10 run without a declared runtime, and are expected to end after each other, every ten seconds. */
  const expected = Array.from({ length: 10 }, (_, index) =>
    aRunningGroup({ resources: amounts(10), expectedEndMs: 110_000 + index * 10_000 }),
  );
  const small = aShape({ request: amounts(10), oldest: { id: 'small', queuedAtMs: 1 } });

  it('gathers what is expected to end once the wait is as long as that takes', () => {
    const ninth = { running: expected.slice(1), waiting: [large, small] };
    const early = plan(blocked({ ...ninth, nowMs: 89_999 }));
    expect(early).toMatchObject({ reservations: [], wakeAtMs: 90_000, place: [{ shape: 1, count: 1 }] });
    const due = plan(blocked({ ...ninth, nowMs: 90_000 }));
    expect(due).toMatchObject({ place: [], wakeAtMs: null, gatherAfterMs: null });
    expect(ownedReservation(due.reservations)).toMatchObject({ id: 'large', state: 'gathering', untilMs: 180_000 });
    expect(due.reservationEvents).toEqual([
      { id: 'large', kind: 'gathering', cause: 'waited-long-enough', promisedAtMs: null },
    ]);
  });

  it('keeps what is gathered, however long that takes', () => {
    const reservations = [aReservation({ state: 'gathering', sinceMs: 90_000, untilMs: 180_000 })];
    const last = { running: expected.slice(7), waiting: [large, small], nowMs: 500_000, reservations };
    const snapshot = blocked(last);
    const result = plan(snapshot, { withProof: true });
    expect(result).toMatchObject({ place: [], reservationEvents: [], reservations });
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
    const ended = plan(blocked({ ...last, running: expected.slice(8) }));
    expect(ended.place).toEqual([{ shape: 0, count: 1, includes: ['large'] }]);
    expect(ended.gatherAfterMs).toBe(500_000 + 19 * 410_000);
  });

  it('lets others start beside a gathering, and those that are expected to be over', () => {
    const reservations = [aReservation({ state: 'gathering', sinceMs: 90_000, untilMs: 190_000 })];
    const waiting = [
      large,
      { ...aShape({ request: amounts(5), oldest: { id: 'brief', queuedAtMs: 1 } }), expectedRuntimeSeconds: 60 },
      {
        ...aShape({ request: amounts(6), oldest: { id: 'slow', queuedAtMs: 1 } }),
        expectedRuntimeSeconds: 100,
      },
      aShape({ request: amounts(0, 5), oldest: { id: 'other', queuedAtMs: 1 } }),
    ];
    const capacity = amounts(100, 5);
    const snapshot = blocked({ capacity, running: expected.slice(3, 9), waiting, nowMs: 100_000, reservations });
    const result = plan(snapshot, { withProof: true });
    expect(result.place.map(({ shape }) => waiting[shape]?.oldest.id).sort()).toEqual(['brief', 'other', 'slow']);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
    const tight = plan({ ...snapshot, running: [...expected.slice(3, 9), aRunningGroup({ resources: amounts(20) })] });
    expect(tight.place.map(({ shape }) => waiting[shape]?.oldest.id).sort()).toEqual(['brief', 'other']);
  });

  it('gathers nothing for a deployment that waits for a run without an expected end', () => {
    const running = [aRunningGroup({ resources: amounts(50) })];
    const result = plan(blocked({ running, waiting: [large, small], nowMs: 1_000_000 }));
    expect(result).toMatchObject({ place: [{ shape: 1, count: 1 }], reservations: [], wakeAtMs: null });
  });

  it('promises a time to the next in turn where nothing can be gathered for the first yet', () => {
    const running = [
      aRunningGroup({ resources: amounts(30), endsAtMs: 50_000 }),
      aRunningGroup({ resources: amounts(40), expectedEndMs: 10_000_000 }),
    ];
    const second = aShape({ request: amounts(50), oldest: { id: 'second', queuedAtMs: 1 } });
    const result = plan(blocked({ running, waiting: [large, second], nowMs: 10_000 }));
    expect(ownedReservation(result.reservations)).toMatchObject({ id: 'second', state: 'promised', untilMs: 50_000 });
  });

  it('keeps a promise where runs without a declared end are expected to make room before', () => {
    const running = [
      aRunningGroup({ resources: amounts(30), endsAtMs: 90_000 }),
      aRunningGroup({ resources: amounts(30), expectedEndMs: 50_000 }),
    ];
    const reservations = [aReservation({ untilMs: 90_000 })];
    const result = plan(
      blocked({ capacity: amounts(110), running, waiting: [large, small], nowMs: 10_000, reservations }),
    );
    expect(result).toMatchObject({ place: [], reservationEvents: [], reservations });
  });

  it('waits after a gathering for nineteen times as long', () => {
    const due = { running: expected.slice(1), waiting: [large], nowMs: 90_000 };
    const result = plan(blocked({ ...due, gatherAfterMs: 95_000 }));
    expect(result).toMatchObject({ reservations: [], wakeAtMs: 95_000, gatherAfterMs: 95_000 });
    expect(plan(blocked({ ...due, nowMs: 95_000, gatherAfterMs: 95_000 })).reservations).toHaveLength(1);
  });

  it('withdraws a gathering that a higher priority takes room from', () => {
    const reservations = [aReservation({ state: 'gathering', sinceMs: 90_000, untilMs: 180_000 })];
    const urgent = aShape({ request: amounts(30), priority: 90, oldest: { id: 'urgent', queuedAtMs: 100_000 } });
    const policy = { ...AT_ONCE, reserveAfterSeconds: 60 };
    const result = plan(
      blocked({ policy, running: expected.slice(3), waiting: [large, urgent], nowMs: 100_000, reservations }),
    );
    expect(result.place).toEqual([{ shape: 1, count: 1, includes: [] }]);
    expect(result.reservationEvents).toEqual([
      { id: 'large', kind: 'withdrawn', cause: 'higher-priority', promisedAtMs: null },
    ]);
    expect(result.gatherAfterMs).toBe(100_000 + 19 * 10_000);
  });

  it('starts exactly the owner when there is room, even beside older ones of its shape', () => {
    const waiting = [
      { ...large, count: 2, oldest: { id: 'older', queuedAtMs: -5 } },
      aShape({ request: amounts(20), count: 5 }),
    ];
    const result = plan(blocked({ running: [], waiting, reservations: [aReservation({ untilMs: 0 })] }));
    expect(result.place).toContainEqual({ shape: 0, count: 1, includes: ['large'] });
    expect(result.reservationEvents).toContainEqual({
      id: 'large',
      kind: 'started',
      cause: 'fits-now',
      promisedAtMs: 0,
    });
  });

  it('selects the first in priority, then age, and only one', () => {
    const waiting = [
      aShape({ request: amounts(70), oldest: { id: 'younger', queuedAtMs: 2 } }),
      aShape({ request: amounts(71), oldest: { id: 'older', queuedAtMs: 1 } }),
      aShape({ request: amounts(72), priority: 51, oldest: { id: 'higher', queuedAtMs: 3 } }),
    ];
    expect(ownedReservation(plan(blocked({ waiting, nowMs: 10 })).reservations)?.id).toBe('higher');
    expect(ownedReservation(plan(blocked({ waiting: waiting.slice(0, 2), nowMs: 10 })).reservations)?.id).toBe('older');
  });

  it('withdraws in favour of a higher priority that has waited long enough', () => {
    const waiting = [large, aShape({ request: amounts(90), priority: 60, oldest: { id: 'higher', queuedAtMs: 0 } })];
    const result = plan(blocked({ waiting, reservations: [aReservation()] }));
    expect(result.reservationEvents).toMatchObject([
      { id: 'large', kind: 'withdrawn', cause: 'higher-priority' },
      { id: 'higher', kind: 'promised' },
    ]);
  });

  it('moves the promise later for a higher priority, and records that cause', () => {
    const urgent = aShape({ request: amounts(45), priority: 90, maxRuntimeSeconds: 200 });
    const policy = { ...AT_ONCE, reserveAfterSeconds: 600 };
    const waiting = [large, urgent];
    const snapshot = blocked({ waiting, policy, reservations: [aReservation()] });
    const result = plan(snapshot, { withProof: true });
    expect(result.place).toEqual([{ shape: 1, count: 1, includes: [] }]);
    expect(result.reservationEvents).toEqual([
      { id: 'large', kind: 'moved-later', cause: 'higher-priority', promisedAtMs: 200_000 },
    ]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it('keeps the promise where higher priorities have a choice', () => {
    const urgent = [
      aShape({ request: amounts(45), priority: 90, maxRuntimeSeconds: 200 }),
      aShape({ request: amounts(44), priority: 90, maxRuntimeSeconds: 80 }),
    ];
    const policy = { ...AT_ONCE, reserveAfterSeconds: 600 };
    const result = plan(blocked({ waiting: [large, ...urgent], policy, reservations: [aReservation()] }));
    expect(result.place).toEqual([{ shape: 2, count: 1, includes: [] }]);
    expect(result.reservationEvents).toEqual([]);
  });

  it.each([
    [
      'capacity-lost',
      { capacity: amounts(110), running: [aRunningGroup({ resources: amounts(50), endsAtMs: 120_000 })] },
    ],
    [
      'runtime-overdue',
      {
        nowMs: 90_000,
        running: [aRunningGroup({ resources: amounts(50), endsAtMs: 90_000 }), aRunningGroup({ endsAtMs: 95_000 })],
      },
    ],
    [
      'runtime-overdue',
      {
        nowMs: 90_000,
        policy: { ...AT_ONCE, stopGraceSeconds: 30 },
        running: [aRunningGroup({ resources: amounts(50), endsAtMs: 120_000 }), aRunningGroup({ endsAtMs: 500_000 })],
      },
    ],
    [
      'capacity-lost',
      {
        nowMs: 90_000,
        policy: { ...AT_ONCE, stopGraceSeconds: 30 },
        running: [aRunningGroup({ resources: amounts(50), endsAtMs: 130_000 })],
      },
    ],
  ] as const)('moves later only for a cause: %s', (cause, changes) => {
    const result = plan(blocked({ ...changes, reservations: [aReservation()] }));
    expect(result.reservationEvents).toMatchObject([{ id: 'large', cause }]);
  });

  it.each([
    ['cordoned', { isCordoned: true }],
    ['policy', { policy: { ...AT_ONCE, reserveAfterSeconds: null } }],
    ['no-longer-waiting', { waiting: [] }],
    ['too-large', { capacity: amounts(79) }],
  ] as const)('withdraws for a cause: %s', (cause, changes) => {
    const result = plan(blocked({ ...changes, reservations: [aReservation()] }));
    expect(ownedReservation(result.reservations)).toBeNull();
    expect(result.reservationEvents).toMatchObject([{ id: 'large', kind: 'withdrawn', cause }]);
  });
});

/** Small deployments that never stop arriving, and a large one among them. */
function endlessStream(seed: number, isDeclared: boolean, [spacing, seconds] = [12, 1_500]): SimulatedDeployment[] {
  const random = fc.sample(fc.infiniteStream(fc.nat(9_999)), { seed, numRuns: 1 })[0] as Stream;
  const draw = (limit: number): number => (random.next().value as number) % limit;
  const list = [aDeployment({ id: 'large', request: amounts(80), arrivesAtSeconds: 50, takesSeconds: 100 })];
  for (let time = 0; time < seconds; time += 3 + draw(spacing)) {
    const takesSeconds = 20 + draw(200);
    const declaredSeconds = isDeclared ? takesSeconds + draw(40) : null;
    list.push(aDeployment({ arrivesAtSeconds: time, request: amounts(5 + draw(30)), takesSeconds, declaredSeconds }));
  }
  return list;
}

type Stream = IterableIterator<number>;

describe('against an endless stream of small deployments', () => {
  it('starts a deployment of 80% of the cluster by its first promise', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const policy = { ...AT_ONCE, reserveAfterSeconds: seed % 3 === 0 ? 0 : 60 };
      const simulation = new Simulation(amounts(100), policy, endlessStream(seed, true), seed % 20 === 0).run(
        1200,
        'large',
      );
      const started = simulation.startedAtSeconds.get('large') ?? Infinity;
      expect(started).toBeLessThanOrEqual(simulation.promises.get('large')?.[0] ?? 1200);
      expect(simulation.events.filter(({ event }) => event.kind === 'moved-later')).toEqual([]);
    }
  });

  it('starts a large deployment no later than all has ended that ran as its gathering began', () => {
    for (let seed = 1; seed <= cases(100); seed++) {
      const policy = { ...AT_ONCE, reserveAfterSeconds: 60 };
      const stream = endlessStream(seed, false, [36, 12_000]);
      const simulation = new Simulation(amounts(100), policy, stream).run(12_000, 'large');
      const started = simulation.startedAtSeconds.get('large') ?? Infinity;
      const gathering = simulation.events.find(({ event }) => event.id === 'large' && event.kind === 'gathering');
      const gatheredAt = gathering?.atSeconds ?? started;
      const ends = stream.map(({ id, takesSeconds }) => {
        const at = simulation.startedAtSeconds.get(id) ?? Infinity;
        return at <= gatheredAt ? at + takesSeconds : gatheredAt;
      });
      expect(started).toBeLessThanOrEqual(Math.max(...ends));
    }
  });
});

describe('the planner', () => {
  const aRequest = fc.tuple(fc.nat(40), fc.nat(40)).filter(([a, b]) => a + b > 0);
  const deployments = fc.array(
    fc.record({
      request: aRequest.map(([cpu, memory]) => amounts(cpu, memory)),
      priority: fc.integer({ min: 0, max: 2 }),
      arrivesAtSeconds: fc.nat(300),
      takesSeconds: fc.integer({ min: 1, max: 120 }),
      isDeclared: fc.boolean(),
      early: fc.nat(30),
    }),
    { minLength: 1, maxLength: 40 },
  );

  it('starts everything that fits, and moves promises later only for a higher priority', () => {
    fc.assert(
      fc.property(deployments, fc.constantFrom(0, 30, 100), (list, after) => {
        const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: after };
        const simulated = list.map(({ isDeclared, early, ...rest }) =>
          aDeployment({ ...rest, declaredSeconds: isDeclared ? rest.takesSeconds + early : null }),
        );
        const simulation = new Simulation(amounts(50, 50), policy, simulated, true).run(1_000_000);
        expect(simulation.startedAtSeconds.size).toBe(list.length);
        const moved = simulation.events.filter(({ event }) => event.kind === 'moved-later');
        expect(moved.every(({ event }) => event.cause === 'higher-priority')).toBe(true);
      }),
      { numRuns: cases(60) },
    );
  });

  it('leaves room for the promised deployment at its time', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ size: fc.integer({ min: 1, max: 40 }), runtime: fc.option(fc.integer({ min: 1, max: 200 })) }),
          { maxLength: 12 },
        ),
        (others) => {
          const waiting = [
            large,
            ...others.map(({ size, runtime }, index) =>
              aShape({
                request: amounts(size),
                maxRuntimeSeconds: runtime,
                oldest: { id: `s${index}`, queuedAtMs: 1 },
              }),
            ),
          ];
          const result = plan(blocked({ waiting, nowMs: 5 }));
          const beside = result.place.flatMap(({ shape, count }) => {
            const { request, maxRuntimeSeconds } = waiting[shape] as (typeof waiting)[number];
            const isOver = maxRuntimeSeconds !== null && 5 + maxRuntimeSeconds * 1000 <= 90_000;
            return isOver ? [] : [ResourceVector.of(request).times(count)];
          });
          expect(ResourceVector.sum([...beside, large.request]).fitsIn(amounts(100))).toBe(true);
        },
      ),
      { numRuns: cases(200) },
    );
  });
});
