import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { DEFAULT_POLICY } from '../policy.js';
import { FixedRandom } from '../solver/random.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { Simulation, type SimulatedDeployment } from '../simulation/simulation.js';
import type { PlanningPolicy, Snapshot, WaitingShape } from '../types.js';
import { type Eta, forecast, type Forecast } from './forecast.js';
import type { QueuePosition } from './places.js';

const RUNS = cases(200);

/** Everybody who waits, as far as a snapshot names them. */
function everybody({ waiting }: Snapshot): QueuePosition[] {
  return waiting.flatMap(({ oldest, followers = [] }, shape) =>
    [oldest, ...followers].map((head, older) => ({ ...head, shape, older })),
  );
}

/** The forecast for everybody at a time, and when each really started. */
function compare(
  capacity: Snapshot['capacity'],
  policy: PlanningPolicy,
  deployments: readonly SimulatedDeployment[],
  atSeconds: number,
): { told: Forecast; names: string[]; real: (number | undefined)[] } {
  const simulation = new Simulation(capacity, policy, deployments).run(atSeconds);
  const seen = simulation.seenAt(atSeconds);
  const positions = everybody(seen);
  const told = forecast(seen, positions, { seesFollowers: true });
  simulation.run(1_000_000);
  const real = positions.map(({ id }) => simulation.startedAtSeconds.get(id));
  return { told, names: positions.map(({ id }) => id), real };
}

const seconds = (eta: Eta): number | undefined => (eta.atMs === null ? undefined : eta.atMs / 1000);

function etaOf(changes: Partial<Snapshot>, options = {}): Eta {
  const snapshot = aSnapshot(changes);
  const [shape] = snapshot.waiting as [WaitingShape];
  return forecast(snapshot, [{ ...shape.oldest, shape: 0, older: 0 }], options).etas[0] as Eta;
}

describe('a forecast', () => {
  const running = [
    aRunningGroup({ resources: amounts(60), endsAtMs: 60_000 }),
    aRunningGroup({ resources: amounts(40), endsAtMs: 90_000 }),
  ];

  it('forecasts the time at which declared runtimes make room, after those that come first', () => {
    const waiting = [
      aShape({ request: amounts(70) }),
      aShape({ priority: 51, request: amounts(50), maxRuntimeSeconds: 100 }),
    ];
    expect(etaOf({ running, waiting: waiting.slice(0, 1) })).toEqual({ atMs: 90_000 });
    expect(etaOf({ running, waiting })).toEqual({ atMs: 160_000 });
  });

  it.each<[string, Partial<Snapshot>]>([
    ['too-large', { running, waiting: [aShape({ request: amounts(101) })] }],
    ['stopped', { running, isCordoned: true, waiting: [aShape({ request: amounts(10) })] }],
    [
      'runtimes-undeclared',
      { running: [aRunningGroup({ resources: amounts(60) })], waiting: [aShape({ request: amounts(50) })] },
    ],
    [
      'runtimes-undeclared',
      {
        policy: { ...DEFAULT_POLICY, reserveAfterSeconds: 0 },
        running: [aRunningGroup({ resources: amounts(60) })],
        waiting: [aShape({ request: amounts(50) }), aShape({ request: amounts(45), maxRuntimeSeconds: 100 })],
      },
    ],
  ])('states why a start is unknown: %s', (reason, changes) => {
    expect(etaOf(changes)).toEqual({ atMs: null, reason });
  });

  it('requeues what stops for others, with its own identity', () => {
    const stopping = aRunningGroup({ priority: 20, resources: amounts(80), isTerminating: true, endsAtMs: 30_000 });
    const returns = { id: 'back', queuedAtMs: 0, maxRuntimeSeconds: 50 };
    const waiting = [aShape({ priority: 10, request: amounts(80) })];
    const policy = { ...DEFAULT_POLICY, preemption: 'lower-priority', stopGraceSeconds: 60 } as const;
    expect(etaOf({ policy, running: [stopping], waiting })).toEqual({ atMs: 30_000 });
    expect(etaOf({ policy, running: [{ ...stopping, returns }], waiting })).toEqual({ atMs: 80_000 });
  });

  it('states how far the forecast reaches when the time is up', () => {
    const waiting = [aShape({ request: amounts(90), maxRuntimeSeconds: 10, count: 50 })];
    const snapshot = aSnapshot({ running, waiting });
    const told = forecast(snapshot, [{ id: 'x', queuedAtMs: 0, shape: 0, older: 49 }], { maxPasses: 10 });
    expect(told).toEqual({ etas: [{ atMs: null, reason: 'horizon' }], horizonMs: 170_000, passes: 10 });
  });

  it('ends where ids that decide are not known', () => {
    const policy = { ...DEFAULT_POLICY, reserveAfterSeconds: 0 };
    const waiting = [aShape({ request: amounts(90), maxRuntimeSeconds: 10, count: 50 })];
    const told = forecast(aSnapshot({ policy, running, waiting }), [{ id: 'x', queuedAtMs: 0, shape: 0, older: 49 }]);
    expect(told.etas).toEqual([{ atMs: null, reason: 'horizon' }]);
    expect(told.horizonMs).toBe(90_000);
  });

  it(`forecasts every start in ${RUNS} small closed worlds`, () => {
    const deployment = fc.record({
      priority: fc.constantFrom(10, 50, 51),
      cpu: fc.integer({ min: 1, max: 10 }),
      memory: fc.integer({ min: 0, max: 10 }),
      arrivesAtSeconds: fc.integer({ min: 0, max: 60 }),
      takesSeconds: fc.constantFrom(7, 30, 30, 45, 200),
    });
    fc.assert(
      fc.property(
        fc.array(deployment, { minLength: 1, maxLength: 25 }),
        fc.constantFrom(null, 0, 30),
        (list, reserveAfterSeconds) => {
          const deployments = list.map(({ cpu, memory, takesSeconds, ...rest }, index) => ({
            ...rest,
            id: `d${String(index).padStart(3, '0')}`,
            request: amounts(cpu, memory),
            takesSeconds,
            declaredSeconds: takesSeconds,
          }));
          const { told, real } = compare(amounts(12, 12), { ...DEFAULT_POLICY, reserveAfterSeconds }, deployments, 60);
          expect(told.horizonMs).toBeNull();
          expect(told.etas.map(seconds)).toEqual(real);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('forecasts without error all of 2,000 deployments whose runtimes are as declared', () => {
    const random = new FixedRandom(8);
    const draw = (most: number): number => random.below(most);
    const deployments = Array.from({ length: 2_000 }, (_, index): SimulatedDeployment => {
      const takesSeconds = 60 * (1 + draw(10));
      return {
        id: `d${String(index).padStart(4, '0')}`,
        priority: [10, 50, 60][draw(3)] as number,
        request: amounts(1 + draw(4), 2 * draw(4), draw(3) === 0 ? 1 : 0),
        arrivesAtSeconds: 20 * draw(30),
        declaredSeconds: takesSeconds,
        takesSeconds,
      };
    });
    const { told, names, real } = compare(
      amounts(60, 90, 8),
      { ...DEFAULT_POLICY, reserveAfterSeconds: null },
      deployments,
      600,
    );
    expect(names.length).toBeGreaterThan(1_500);
    expect(told.horizonMs).toBeNull();
    expect(told.etas.map(seconds)).toEqual(real);
  });
});
