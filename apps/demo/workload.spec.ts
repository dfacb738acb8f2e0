import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { drawsOf, pick } from './draws.js';
import { PUBLISHED_MIX } from './published-mix.js';
import { RESOURCES, ResourceVector } from './resources.js';
import { capacityFor, dealOrders, generateOrders } from './workload.js';

const SPLIT = { seed: 1, fraction: 0.25 };
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe('draws', () => {
  it('returns the same numbers from 0 to 1 for the same name and seed', () => {
    fc.assert(
      fc.property(seeds, fc.string(), (seed, name) => {
        const draws = drawsOf(seed, name);
        expect(drawsOf(seed, name)).toEqual(draws);
        expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
      }),
    );
  });

  it('picks entries by their weights', () => {
    const rare = { name: 'rare', weight: 1 };
    const frequent = { name: 'frequent', weight: 3 };
    expect([0, 0.24, 0.26, 0.999].map((draw) => pick([rare, frequent], draw).name)).toEqual([
      'rare',
      'rare',
      'frequent',
      'frequent',
    ]);
  });
});

describe('a generated workload', () => {
  it('generates the same orders for the same seed, and others for another', () => {
    expect(generateOrders(7, 500)).toEqual(generateOrders(7, 500));
    expect(generateOrders(7, 500)).not.toEqual(generateOrders(8, 500));
  });

  it('begins the same whatever its size', () => {
    expect(generateOrders(7, 500).slice(0, 100)).toEqual(generateOrders(7, 100));
  });

  it('has the published mix of shapes', () => {
    const size = 20_000;
    const pods = PUBLISHED_MIX.reduce((sum, { weight }) => sum + weight, 0);
    const orders = generateOrders(1, size);
    for (const { priority, request, weight } of PUBLISHED_MIX.filter((shape) => shape.weight > 300)) {
      const found = orders.filter((order) => order.priority === priority && order.request.equals(request)).length;
      const share = weight / pods;
      const deviation = Math.sqrt((share * (1 - share)) / size);
      expect(Math.abs(found / size - share)).toBeLessThan(4 * deviation);
    }
  });

  it('asks for nothing that is not in the mix', () => {
    const known = new Set(PUBLISHED_MIX.map(({ priority, request }) => JSON.stringify([priority, request])));
    expect(generateOrders(3, 2_000).every((o) => known.has(JSON.stringify([o.priority, o.request])))).toBe(true);
  });
});

describe('dealing', () => {
  const orders = generateOrders(1, 3_000);

  it('gives every order to exactly one cluster, by weight', () => {
    const loads = dealOrders(orders, [5, 2, 3], SPLIT);
    expect(loads.flatMap(({ tasks }) => tasks.map(({ order }) => order.name)).sort()).toEqual(
      orders.map(({ name }) => name),
    );
    expect(loads.map(({ tasks }) => Math.round((10 * tasks.length) / orders.length))).toEqual([5, 2, 3]);
  });

  it('decides the same fates for the same seed: most succeed, a few fail, a few are cancelled', () => {
    const fates = (seed: number): string[] =>
      dealOrders(orders, [1], { ...SPLIT, seed }).flatMap(({ tasks }) => tasks.map(({ fate }) => fate));
    expect(fates(1)).toEqual(fates(1));
    expect(fates(1)).not.toEqual(fates(2));
    const failed = fates(1).filter((fate) => fate === 'failed').length;
    const cancelled = fates(1).filter((fate) => fate === 'cancelled').length;
    expect(failed / orders.length).toBeCloseTo(0.03, 1);
    expect(cancelled / orders.length).toBeCloseTo(0.02, 1);
    expect(Math.min(failed, cancelled)).toBeGreaterThan(20);
  });

  it('makes a cluster for nothing at all a small one', () => {
    const [load] = dealOrders([], [1], SPLIT);
    expect(load?.tasks).toEqual([]);
    expect(load?.capacity.isZero).toBe(false);
  });

  it('makes clusters that hold every single order, and the fraction of all of them', () => {
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.001, max: 2, noNaN: true }),
        (seed, count, fraction) => {
          const requests = generateOrders(seed, count).map(({ request }) => request);
          const capacity = capacityFor(requests, fraction);
          expect(requests.every((request) => request.fitsIn(capacity))).toBe(true);
          const demand = ResourceVector.sum(requests);
          expect(RESOURCES.every((resource) => capacity[resource] >= fraction * demand[resource] - 1)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});
