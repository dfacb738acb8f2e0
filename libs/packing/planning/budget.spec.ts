import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type ResourceAmounts, ResourceVector } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { type ProblemSize, someTrouble, TROUBLES } from '../testing/arbitraries.js';
import { bruteForce } from '../testing/brute-force.js';
import { amounts, aShape, aSnapshot } from '../testing/problems.js';
import type { Plan, Snapshot, WaitingShape } from '../types.js';
import { verify } from '../proof/verify.js';

/** Steps of a piece of work that is not broken off once it has begun, at the very most. */
const PIECE = 100;

const withBudget = (snapshot: Snapshot, searchSteps: number): Snapshot => ({
  ...snapshot,
  policy: { ...snapshot.policy, searchSteps },
});

/** What a plan leaves waiting although it would fit beside everything that starts. */
function leftThatFits(snapshot: Snapshot, { place }: Plan): number[] {
  const started = new Map(place.map(({ shape, count }) => [shape, count]));
  const used = ResourceVector.sum(
    snapshot.waiting.map((shape, index) => ResourceVector.of(shape.request).times(started.get(index) ?? 0)),
  );
  const free = ResourceVector.of(snapshot.capacity).minus(used);
  return [...snapshot.waiting.keys()].filter((index) => {
    const { count, request } = snapshot.waiting[index] as WaitingShape;
    return (started.get(index) ?? 0) < count && ResourceVector.of(request).fitsIn(free);
  });
}

/** Exactly what some of the deployments need together, or a little more in one resource and less in another. */
function nearly({ waiting }: Snapshot, chosen: number, more: number): ResourceAmounts {
  const needed = ResourceVector.sum(waiting.slice(0, chosen).map(({ request }) => ResourceVector.of(request)));
  const { cpuMillis, memoryMib, gpuMillis } = needed.toAmounts();
  return amounts(Math.max(0, cpuMillis + more), Math.max(0, memoryMib - more), gpuMillis);
}

const someBudget = fc.constantFrom(0, 1, 30, 1_000);

describe.each(TROUBLES)('requests that are %s', (kind) => {
  const sizes: [string, ProblemSize][] = [
    ['few levels', { shapes: 40, count: 20, largest: 1_000, levels: 3 }],
    ['a level for each priority from 0 to 100', { shapes: 120, count: 4, largest: 1_000, levels: 101 }],
    ['sizes up to a thousand million', { shapes: 40, count: 400, largest: 1_000_000_000, levels: 4 }],
  ];

  it.each(sizes)('plans within any budget truthfully, and leaves nothing out that fits: %s', (_, size) => {
    fc.assert(
      fc.property(someTrouble(kind, size), someBudget, (problem, budget) => {
        const snapshot = withBudget(problem, budget);
        const result = plan(snapshot, { withProof: true });
        const always = plan(withBudget(problem, 0)).certificate.steps;
        expect(result.certificate.steps).toBeLessThanOrEqual(budget + 2 * always + PIECE);
        expect(verify(snapshot, result)).toEqual({ isAccepted: true });
        expect(leftThatFits(snapshot, result)).toEqual([]);
      }),
      { numRuns: cases(30) },
    );
  });

  it('solves small problems to the end with sizes up to a thousand million, where a thousandth decides', () => {
    const size = { shapes: 6, count: 4, largest: 1_000_000_000, levels: 3 };
    fc.assert(
      fc.property(someTrouble(kind, size), fc.nat(6), fc.integer({ min: -3, max: 3 }), (problem, chosen, more) => {
        const snapshot = { ...problem, capacity: nearly(problem, chosen, more) };
        const result = plan(snapshot, { withProof: true });
        expect(result.certificate.levels.map(({ placed }) => placed)).toEqual(bruteForce(snapshot).counts);
        expect(result.certificate.optimal).toBe(true);
        expect(verify(snapshot, result)).toEqual({ isAccepted: true });
      }),
      { numRuns: cases(100) },
    );
  });
});

describe('a plan', () => {
  it('certifies a plan where one thousandth beside a thousand million decides', () => {
    const waiting = [aShape({ request: amounts(1, 1) }), aShape({ request: amounts(1_000_000_000, 1), count: 2 })];
    const snapshot = aSnapshot({ capacity: amounts(1_000_000_000, 2), waiting });
    const result = plan(snapshot, { withProof: true });
    expect(result.certificate.levels).toEqual([{ priority: 50, placed: 1, upperBound: 1 }]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it('certifies a plan where counts alone forbid one more', () => {
    const waiting = [
      aShape({ priority: 1, request: amounts(1_000_000_000, 1), count: 3 }),
      aShape({ priority: 1, request: amounts(1, 559_450_293), count: 2 }),
      aShape({ priority: 1, request: amounts(1_000_000_000, 1, 1_000_000_000), count: 3 }),
    ];
    const snapshot = aSnapshot({ capacity: amounts(3_000_000_000, 559_450_297, 1_000_000_000), waiting });
    const result = plan(snapshot, { withProof: true });
    expect(result.certificate.levels).toEqual([{ priority: 1, placed: 3, upperBound: 3 }]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it('starts what a lower level made room for after the budget ended', () => {
    const shape = (priority: number, request: [number, number, number], count: number): WaitingShape =>
      aShape({ priority, request: amounts(...request), count });
    const waiting = [
      shape(1, [9, 22, 4], 4),
      shape(1, [8, 23, 1], 2),
      shape(1, [27, 4, 11], 2),
      shape(0, [19, 12, 15], 2),
      shape(0, [11, 20, 19], 2),
      shape(0, [23, 8, 21], 1),
      shape(0, [1, 30, 12], 3),
      shape(0, [20, 11, 28], 3),
    ];
    const snapshot = withBudget(aSnapshot({ capacity: amounts(146, 168, 236), waiting }), 0);
    const result = plan(snapshot, { withProof: true });
    expect(leftThatFits(snapshot, result)).toEqual([]);
    expect(verify(snapshot, result)).toEqual({ isAccepted: true });
  });

  it.each(['cpuMillis', 'memoryMib', 'gpuMillis'] as const)('counts without any %s', (resource) => {
    const capacity = { ...amounts(10, 10, 10), [resource]: 0 };
    const asks = aShape({ request: { ...amounts(0), [resource]: 1 }, count: 3 });
    const others = aShape({ request: { ...amounts(2, 2, 2), [resource]: 0 }, count: 7 });
    const { place, certificate } = plan(aSnapshot({ capacity, waiting: [asks, others] }));
    expect(place).toEqual([{ shape: 1, count: 5, includes: [] }]);
    expect(certificate).toMatchObject({ optimal: true, levels: [{ placed: 5, upperBound: 5 }] });
    expect(certificate.utilization.value).toBeCloseTo(2);
  });
});
