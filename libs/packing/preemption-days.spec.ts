import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { amounts } from './testing/problems.js';
import { YIELDING } from './testing/busy-clusters.js';
import { Simulation, type SimulatedDeployment } from './testing/simulator.js';
import type { PlanningPolicy } from './types.js';

/** A deep run tries ten times as many. */
const RUNS = process.env['STOWAGE_DEEP'] === '1' ? 10 : 1;

const DAY = 86_400;

interface Kind {
  readonly cpu: fc.Arbitrary<number>;
  readonly capacity: number;
}

const someDay = ({ cpu }: Kind): fc.Arbitrary<SimulatedDeployment[]> =>
  fc
    .array(
      fc.record({
        cpu,
        priority: fc.constantFrom(0, 0, 1, 1, 2, 3),
        arrivesAtSeconds: fc.nat(DAY - 1),
        takesSeconds: fc.integer({ min: 1, max: DAY / 4 }),
        isDeclared: fc.boolean(),
        isPreemptible: fc.integer({ min: 0, max: 9 }).map((number) => number > 0),
        stopsInSeconds: fc.nat(900),
      }),
      { minLength: 20, maxLength: 60 },
    )
    .map((list) =>
      list.map(({ cpu: size, isDeclared, ...rest }, index) => ({
        ...rest,
        id: `d${String(index).padStart(3, '0')}`,
        request: amounts(size),
        declaredSeconds: isDeclared ? rest.takesSeconds : null,
      })),
    );

/** Plays a day and what it leaves behind, every plan verified; looks at what was given up. */
function play(list: readonly SimulatedDeployment[], capacity: number, policy: PlanningPolicy): Simulation {
  const simulation = new Simulation(amounts(capacity), policy, list, true);
  simulation.run(DAY * 100);
  const of = (id: string): number => simulation.evictions.filter((eviction) => eviction.id === id).length;
  for (const { id } of list) expect(of(id)).toBeLessThanOrEqual(policy.maxPreemptions);
  expect(simulation.done.toSorted()).toEqual(list.map(({ id }) => id).sort());
  return simulation;
}

const priorityOf = (list: readonly SimulatedDeployment[], id: string): number =>
  list.find((one) => one.id === id)?.priority ?? -1;

const somePolicy = fc.record({
  maxPreemptions: fc.constantFrom(1, 3, 100),
  preemptAfterSeconds: fc.constantFrom(0, 60, 3_600),
  reserveAfterSeconds: fc.constantFrom(null, 600),
});

describe('over a day', () => {
  it('where all are of one size, no more are given up at a priority than arrive above it, and all come to their end', () => {
    let evictions = 0;
    fc.assert(
      fc.property(someDay({ cpu: fc.constant(1), capacity: 4 }), somePolicy, (list, some) => {
        const simulation = play(list, 4, { ...YIELDING, ...some });
        evictions += simulation.evictions.length;
        for (const priority of [0, 1, 2]) {
          const given = simulation.evictions.filter(({ id }) => priorityOf(list, id) === priority);
          expect(given.length).toBeLessThanOrEqual(list.filter((one) => one.priority > priority).length);
        }
        expect(simulation.evictions.some(({ id }) => priorityOf(list, id) === 3)).toBe(false);
      }),
      { numRuns: 40 * RUNS },
    );
    expect(evictions).toBeGreaterThan(40);
  });

  it('whatever the sizes: each pass that gives up starts somebody above, and no more do so than have arrived or been given up there', () => {
    let evictions = 0;
    fc.assert(
      fc.property(someDay({ cpu: fc.integer({ min: 1, max: 10 }), capacity: 16 }), somePolicy, (list, some) => {
        const simulation = play(list, 16, { ...YIELDING, ...some });
        evictions += simulation.evictions.length;
        for (const priority of [0, 1, 2]) {
          const above = (id: string): boolean => priorityOf(list, id) > priority;
          const passes = new Set(
            simulation.evictions
              .filter(({ id }) => priorityOf(list, id) === priority)
              .map(({ atSeconds }) => atSeconds),
          );
          const arrivals = list.filter(({ id }) => above(id)).length;
          const restarts = simulation.evictions.filter(({ id }) => above(id)).length;
          expect(passes.size).toBeLessThanOrEqual(arrivals + restarts);
        }
        for (const { id, by } of simulation.evictions) expect(by.priority).toBeGreaterThan(priorityOf(list, id));
      }),
      { numRuns: 40 * RUNS },
    );
    expect(evictions).toBeGreaterThan(40);
  });
});

const deployment = (id: string, changes: Partial<SimulatedDeployment>): SimulatedDeployment => ({
  id,
  priority: 0,
  request: amounts(50),
  arrivesAtSeconds: 0,
  declaredSeconds: null,
  takesSeconds: DAY,
  isPreemptible: true,
  ...changes,
});

/** A policy that leaves a loop every freedom: no minimum run, no cap that matters. */
const FREE: PlanningPolicy = { ...YIELDING, preemptAfterSeconds: 0, maxPreemptions: 1_000 };

/** Passes at every minute of some hours, as if something happened all the time: a loop would show. */
const busyMinutes = (hours: number): SimulatedDeployment[] =>
  Array.from({ length: hours * 60 }, (_, minute) =>
    deployment(`tick${String(minute).padStart(4, '0')}`, {
      priority: 9,
      request: amounts(0, 1),
      arrivesAtSeconds: 1_000 + minute * 60,
      takesSeconds: 1,
      isPreemptible: false,
    }),
  );

const evictionsOf = (list: readonly SimulatedDeployment[], capacity: number, policy: PlanningPolicy): string[] => {
  const simulation = new Simulation(amounts(capacity, 1), policy, list, true);
  simulation.run(DAY / 2);
  return simulation.evictions.map(({ id }) => id);
};

describe('preemption loops that are known from elsewhere', () => {
  it('Kueue 3779: what was given up is created again, admitted again, and given up again', () => {
    const list = [
      deployment('a1', { request: amounts(100) }),
      deployment('a2', { request: amounts(100), arrivesAtSeconds: 1 }),
      deployment('b1', { arrivesAtSeconds: 2 }),
      deployment('b2', { arrivesAtSeconds: 3 }),
      deployment('guaranteed1', { priority: 5, arrivesAtSeconds: 600 }),
      deployment('guaranteed2', { priority: 5, request: amounts(100), arrivesAtSeconds: 900 }),
      ...['b1', 'b2', 'a2'].map((of, index) =>
        deployment(`${of}-again`, { request: amounts(of === 'a2' ? 100 : 50), arrivesAtSeconds: 901 + index }),
      ),
      ...busyMinutes(8),
    ];
    expect(evictionsOf(list, 300, FREE)).toEqual(['b2', 'a2']);
  });

  it('Kueue 14543: two that could give each other up, and a victim that starts in place of its preemptor', () => {
    const rivals = [
      deployment('first', { request: amounts(60) }),
      deployment('second', { request: amounts(60), arrivesAtSeconds: 10 }),
    ];
    expect(evictionsOf([...rivals, ...busyMinutes(8)], 100, FREE)).toEqual([]);
    const above = deployment('above', { priority: 1, request: amounts(60), arrivesAtSeconds: 20 });
    expect(evictionsOf([...rivals, above, ...busyMinutes(8)], 100, FREE)).toEqual(['first']);
  });
});
