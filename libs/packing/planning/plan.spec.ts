import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { ResourceVector } from '#kernel';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { someSnapshot } from '../testing/arbitraries.js';
import { bruteForce } from '../testing/brute-force.js';
import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { Plan, Snapshot } from '../types.js';

const small = { shapes: 6, count: 4, largest: 12, levels: 3 };
const medium = { shapes: 60, count: 30, largest: 1000, levels: 5 };

const placed = (result: Plan): number[] => result.certificate.levels.map((level) => level.placed);
const bounds = (result: Plan): number[] => result.certificate.levels.map((level) => level.upperBound);

/** The plan by deployment shape instead of index, so that differently ordered inputs can be compared. */
function named(snapshot: Snapshot, result: Plan): string[] {
  return result.place.map(({ shape, count }) => `${count} x ${snapshot.waiting[shape]?.oldest.id ?? '?'}`);
}

function usedBy(snapshot: Snapshot, result: Plan): ResourceVector {
  return ResourceVector.sum(
    result.place.map(({ shape, count }) =>
      ResourceVector.of(snapshot.waiting[shape]?.request ?? amounts(0)).times(count),
    ),
  );
}

describe('a plan', () => {
  it('starts many small deployments rather than one large one of the same priority', () => {
    const waiting = [aShape({ request: amounts(100) }), aShape({ request: amounts(10), count: 10 })];
    expect(plan(aSnapshot({ waiting })).place).toEqual([{ shape: 1, count: 10, includes: [] }]);
  });

  it('starts one large deployment of higher priority rather than many small ones', () => {
    const waiting = [aShape({ priority: 51, request: amounts(100) }), aShape({ request: amounts(10), count: 10 })];
    expect(plan(aSnapshot({ waiting })).place).toEqual([{ shape: 0, count: 1, includes: [] }]);
  });

  it('chooses at a higher level what leaves more for the lower one', () => {
    const waiting = [
      aShape({ priority: 9, request: amounts(50, 10) }),
      aShape({ priority: 9, request: amounts(50, 60) }),
      aShape({ priority: 1, request: amounts(10, 30), count: 3 }),
    ];
    const result = plan(aSnapshot({ capacity: amounts(90, 100), waiting }));
    expect(placed(result)).toEqual([1, 3]);
    expect(result.certificate.optimal).toBe(true);
  });

  it('takes the larger of two that count the same, for utilization', () => {
    const waiting = [aShape({ request: amounts(60) }), aShape({ request: amounts(70) })];
    const result = plan(aSnapshot({ waiting }));
    expect(result.place).toEqual([{ shape: 1, count: 1, includes: [] }]);
    expect(result.certificate.utilization.value).toBeCloseTo(0.7);
  });

  it('takes the older of two interchangeable shapes', () => {
    const waiting = [
      aShape({ request: amounts(60), maxRuntimeSeconds: 5, oldest: { id: 'b', queuedAtMs: 2 } }),
      aShape({ request: amounts(60), maxRuntimeSeconds: 9, oldest: { id: 'a', queuedAtMs: 1 } }),
    ];
    expect(plan(aSnapshot({ waiting })).place).toEqual([{ shape: 1, count: 1, includes: [] }]);
  });

  it('starts nothing where running deployments hold more than the capacity', () => {
    const running = [aRunningGroup({ resources: amounts(120) })];
    const result = plan(aSnapshot({ running, waiting: [aShape()] }));
    expect(result.place).toEqual([]);
    expect(result.certificate).toMatchObject({ optimal: true, levels: [{ placed: 0, upperBound: 0 }] });
  });

  it('starts nothing on a cordoned cluster, with bounds of zero', () => {
    const result = plan(aSnapshot({ isCordoned: true, waiting: [aShape()] }));
    expect(result.place).toEqual([]);
    expect(bounds(result)).toEqual([0]);
  });

  it('returns an empty, optimal plan when nothing waits', () => {
    expect(plan(aSnapshot())).toMatchObject({ place: [], certificate: { optimal: true, levels: [] } });
  });

  it('counts with sizes from one to a thousand million', () => {
    const waiting = [
      aShape({ request: amounts(1_000_000_000, 1), count: 900 }),
      aShape({ request: amounts(1, 1_000_000_000), count: 900 }),
    ];
    const result = plan(aSnapshot({ capacity: amounts(1_000_000_000_000, 500_000_000_400), waiting }));
    expect(placed(result)).toEqual([900 + 499]);
    expect(result.certificate.optimal).toBe(true);
  });

  it('stops when the caller asks, and reports the deadline', () => {
    const waiting = Array.from({ length: 400 }, (_, index) =>
      aShape({ request: amounts(1000 + ((index * 7919) % 997), 1000 + ((index * 104729) % 991)), count: 3 }),
    );
    const snapshot = aSnapshot({ capacity: amounts(600_001, 590_003), waiting });
    const result = plan({ ...snapshot, policy: { ...snapshot.policy, searchSteps: 0 } });
    expect(bounds(result)[0]).toBeGreaterThanOrEqual(placed(result)[0] as number);
    expect(placed(result)[0]).toBeGreaterThan(450);
  });

  it('survives a structured clone', () => {
    const result = plan(aSnapshot({ waiting: [aShape()] }), { withProof: true });
    expect(structuredClone(result)).toEqual(result);
  });
});

describe('the planner', () => {
  it('reaches and certifies the lexicographic optimum of small problems', () => {
    fc.assert(
      fc.property(someSnapshot(small), (snapshot) => {
        const result = plan(snapshot);
        const best = bruteForce(snapshot);
        expect(placed(result)).toEqual(best.counts);
        expect(result.certificate.optimal).toBe(true);
        const { value, upperBound } = result.certificate.utilization;
        expect(value).toBeLessThanOrEqual(best.utilization + 1e-9);
        expect(upperBound).toBeGreaterThanOrEqual(best.utilization - 1e-9);
      }),
      { numRuns: cases(1500) },
    );
  });

  it('keeps within what is available, with the counts of the certificate', () => {
    fc.assert(
      fc.property(someSnapshot(medium), (snapshot) => {
        const result = plan(snapshot);
        expect(usedBy(snapshot, result).fitsIn(snapshot.capacity)).toBe(true);
        const total = result.place.reduce((sum, { count }) => sum + count, 0);
        expect(total).toBe(placed(result).reduce((sum, count) => sum + count, 0));
        placed(result).forEach((count, level) => expect(count).toBeLessThanOrEqual(bounds(result)[level] as number));
      }),
      { numRuns: cases(300) },
    );
  });

  it('returns the same plan for any order of input, and when asked twice', () => {
    fc.assert(
      fc.property(someSnapshot(medium), fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (snapshot, keys) => {
        const waiting = snapshot.waiting
          .map((shape, index) => ({ shape, key: keys[index] as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ shape }) => shape);
        const permuted = { ...snapshot, waiting };
        const result = plan(snapshot);
        expect(plan(snapshot)).toEqual(result);
        expect(named(permuted, plan(permuted))).toEqual(named(snapshot, result));
        expect(plan(permuted).certificate).toEqual(result.certificate);
      }),
      { numRuns: cases(100) },
    );
  });

  it('leaves nothing waiting that fits into what is left', () => {
    fc.assert(
      fc.property(someSnapshot(medium), (snapshot) => {
        const result = plan(snapshot);
        const free = ResourceVector.of(snapshot.capacity).minus(usedBy(snapshot, result));
        snapshot.waiting.forEach((shape, index) => {
          const started = result.place.find((placement) => placement.shape === index)?.count ?? 0;
          if (started < shape.count) expect(ResourceVector.of(shape.request).fitsIn(free)).toBe(false);
        });
      }),
      { numRuns: cases(200) },
    );
  });

  it('places no fewer with more capacity at the first level that changes, where certified', () => {
    fc.assert(
      fc.property(someSnapshot(medium), fc.nat(500), (snapshot, more) => {
        const grown = ResourceVector.of(snapshot.capacity)
          .plus(amounts(more, more, more))
          .toAmounts();
        const before = plan(snapshot);
        const after = plan({ ...snapshot, capacity: grown });
        if (!before.certificate.optimal || !after.certificate.optimal) return;
        const changed = placed(after).findIndex((count, level) => count !== placed(before)[level]);
        if (changed >= 0) expect(placed(after)[changed]).toBeGreaterThan(placed(before)[changed] as number);
      }),
      { numRuns: cases(100) },
    );
  });

  it('keeps all counts when a deployment that waits is removed, where certified', () => {
    fc.assert(
      fc.property(someSnapshot(medium), (snapshot) => {
        const before = plan(snapshot);
        const waits = snapshot.waiting.findIndex(
          (shape, index) => (before.place.find((placement) => placement.shape === index)?.count ?? 0) < shape.count,
        );
        if (waits < 0) return;
        const waiting = snapshot.waiting.map((shape, index) =>
          index === waits ? { ...shape, count: shape.count - 1 } : shape,
        );
        const after = plan({ ...snapshot, waiting });
        if (before.certificate.optimal && after.certificate.optimal) expect(placed(after)).toEqual(placed(before));
      }),
      { numRuns: cases(100) },
    );
  });
});
