import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { YIELDING } from '../testing/busy-clusters.js';
import { aDeployment, DAY, evictionsAt, lostNominations, playDay, someDay } from '../testing/days.js';
import { amounts } from '../testing/problems.js';
import { Simulation, type SimulatedDeployment } from '../simulation/simulation.js';
import type { PlanningPolicy } from '../types.js';

const somePolicy = fc.record({
  maxPreemptions: fc.constantFrom(1, 3, 100),
  preemptAfterSeconds: fc.constantFrom(0, 60, 3_600),
  reserveAfterSeconds: fc.constantFrom(null, 600),
});

/** Above all others of {@link someDay}: nothing ever yields to more than these. */
const HIGHEST = 3;

describe.each([0, 600])('over a day, with a grace of %i seconds,', (stopGraceSeconds) => {
  it('preempts no more at a priority than arrive above where all sizes are equal, and completes all', () => {
    let evictions = 0;
    fc.assert(
      fc.property(someDay(fc.constant(1)), somePolicy, (list, some) => {
        const simulation = playDay(list, amounts(4), { ...YIELDING, ...some, stopGraceSeconds });
        evictions += simulation.evictions.length;
        for (let priority = 0; priority <= HIGHEST; priority++) {
          const given = evictionsAt(simulation, (own) => own === priority);
          expect(given.length).toBeLessThanOrEqual(list.filter((one) => one.priority > priority).length);
        }
      }),
      { numRuns: cases(30) },
    );
    expect(evictions).toBeGreaterThan(30);
  });

  it('preempts only for a start above, in no more passes than deployments arrived or lost their room there', () => {
    let evictions = 0;
    fc.assert(
      fc.property(someDay(fc.integer({ min: 1, max: 10 })), somePolicy, (list, some) => {
        const lost: number[] = [];
        const policy = { ...YIELDING, ...some, stopGraceSeconds };
        const simulation = playDay(list, amounts(16), policy, (snapshot, result) =>
          lost.push(...lostNominations(snapshot, result)),
        );
        evictions += simulation.evictions.length;
        for (let priority = 0; priority <= HIGHEST; priority++) {
          const passes = new Set(evictionsAt(simulation, (own) => own === priority).map(({ atSeconds }) => atSeconds));
          const arrivals = list.filter((one) => one.priority > priority).length;
          const givenUp = evictionsAt(simulation, (own) => own > priority).length;
          const outranked = lost.filter((own) => own > priority).length;
          expect(passes.size).toBeLessThanOrEqual(arrivals + givenUp + outranked);
        }
        for (const { by, priority } of simulation.evictions) expect(by.priority).toBeGreaterThan(priority);
      }),
      { numRuns: cases(30) },
    );
    expect(evictions).toBeGreaterThan(30);
  });
});

/** A policy that leaves a loop every freedom: no minimum run, no cap that matters. */
const FREE: PlanningPolicy = { ...YIELDING, preemptAfterSeconds: 0, maxPreemptions: 1_000 };

/** Passes at every minute of some hours, as if something happened all the time: a loop would show. */
const busyMinutes = (hours: number): SimulatedDeployment[] =>
  Array.from({ length: hours * 60 }, (_, minute) =>
    aDeployment(`tick${String(minute).padStart(4, '0')}`, {
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

describe('known preemption loops', () => {
  it('avoids Kueue 3779: a victim is admitted again and preempted again', () => {
    const list = [
      aDeployment('a1', { request: amounts(100) }),
      aDeployment('a2', { request: amounts(100), arrivesAtSeconds: 1 }),
      aDeployment('b1', { arrivesAtSeconds: 2 }),
      aDeployment('b2', { arrivesAtSeconds: 3 }),
      aDeployment('guaranteed1', { priority: 5, arrivesAtSeconds: 600 }),
      aDeployment('guaranteed2', { priority: 5, request: amounts(100), arrivesAtSeconds: 900 }),
      ...['b1', 'b2', 'a2'].map((of, index) =>
        aDeployment(`${of}-again`, { request: amounts(of === 'a2' ? 100 : 50), arrivesAtSeconds: 901 + index }),
      ),
      ...busyMinutes(8),
    ];
    expect(evictionsOf(list, 300, FREE)).toEqual(['b2', 'a2']);
  });

  it('avoids Kueue 14543: two preempt each other, and a victim starts in place of its preemptor', () => {
    const competition = [
      aDeployment('first', { request: amounts(60) }),
      aDeployment('second', { request: amounts(60), arrivesAtSeconds: 10 }),
    ];
    expect(evictionsOf([...competition, ...busyMinutes(8)], 100, FREE)).toEqual([]);
    const above = aDeployment('above', { priority: 1, request: amounts(60), arrivesAtSeconds: 20 });
    expect(evictionsOf([...competition, above, ...busyMinutes(8)], 100, FREE)).toEqual(['first']);
  });
});
