import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Resource, type ResourceAmounts, RESOURCES } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from '../planning/plan.js';
import { aShape, aSnapshot } from '../testing/problems.js';
import { type Snapshot } from '../types.js';
import { competitionOf } from './competition.js';
import { startsOf } from './places.js';

/** Whether a request is at most another one in every resource, and less in one. */
const isSmaller = (a: ResourceAmounts, b: ResourceAmounts): boolean =>
  RESOURCES.every((resource) => a[resource] <= b[resource]) && RESOURCES.some((resource) => a[resource] < b[resource]);

/** Few different amounts, so that many requests are equal, and zero in some resources. */
const someSnapshot = fc
  .record({
    capacity: fc.integer({ min: 3, max: 40 }),
    shapes: fc.uniqueArray(
      fc.record({
        priority: fc.integer({ min: 1, max: 2 }),
        request: fc.record({
          cpuMillis: fc.nat({ max: 5 }),
          memoryMib: fc.nat({ max: 5 }),
          gpuMillis: fc.nat({ max: 3 }),
        }),
        maxRuntimeSeconds: fc.constantFrom(null, 60),
        count: fc.integer({ min: 1, max: 5 }),
      }),
      {
        maxLength: 60,
        selector: ({ priority, request, maxRuntimeSeconds }) => JSON.stringify([priority, request, maxRuntimeSeconds]),
      },
    ),
  })
  .map(({ capacity, shapes }) =>
    aSnapshot({
      capacity: { cpuMillis: capacity, memoryMib: capacity, gpuMillis: 3 },
      waiting: shapes
        .filter(({ request }) => RESOURCES.some((resource) => request[resource] > 0))
        .map((shape) => aShape(shape)),
    }),
  );

/** Those of the same priority that are smaller, fit the cluster, need some of what is missing, and are left waiting: looked at one by one. */
function smallerOneByOne(
  { waiting, capacity }: Snapshot,
  starts: Float64Array,
  index: number,
  missing: readonly Resource[],
): number {
  const own = waiting[index]!;
  return waiting.reduce((sum, other, position) => {
    const competes =
      other.priority === own.priority &&
      RESOURCES.every((resource) => other.request[resource] <= capacity[resource]) &&
      missing.some((resource) => other.request[resource] > 0) &&
      isSmaller(other.request, own.request);
    return competes ? sum + other.count - starts[position]! : sum;
  }, 0);
}

describe('competitionOf', () => {
  it('counts the smaller requests of a priority as looking at each of them does', () => {
    let found = 0;
    fc.assert(
      fc.property(someSnapshot, (snapshot) => {
        const starts = startsOf(snapshot, plan(snapshot));
        const competition = competitionOf(snapshot, starts);
        for (const [index, { request }] of snapshot.waiting.entries()) {
          const needed = RESOURCES.filter((resource) => request[resource] > 0);
          for (const missing of [needed, ...needed.map((resource) => [resource])]) {
            const ahead = competition.aheadOf(index, missing);
            const counted = ahead.find(({ reason }) => reason === 'smaller')?.deployments ?? 0;
            expect(counted).toBe(smallerOneByOne(snapshot, starts, index, missing));
            found += Math.sign(counted);
          }
        }
      }),
      { numRuns: cases(300) },
    );
    expect(found).toBeGreaterThan(100);
  });
});
