import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { MAX_CAPACITY, type ResourceAmounts, ResourceVector } from '#kernel';

const amount = fc.integer({ min: 0, max: MAX_CAPACITY });
const amounts: fc.Arbitrary<ResourceAmounts> = fc.record({ cpuMillis: amount, memoryMib: amount, gpuMillis: amount });

describe('ResourceVector', () => {
  it.each([-1, 0.5, Number.NaN, Infinity, 2 ** 53])('refuses the amount %p', (cpuMillis) => {
    expect(() => ResourceVector.of({ cpuMillis, memoryMib: 0, gpuMillis: 0 })).toThrow(RangeError);
  });

  it('subtracts what was added', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(ResourceVector.of(a).plus(b).minus(b).equals(a)).toBe(true);
      }),
    );
  });

  it('refuses to subtract more than there is instead of clamping at zero', () => {
    expect(() => ResourceVector.ZERO.minus({ cpuMillis: 0, memoryMib: 0, gpuMillis: 1 })).toThrow(RangeError);
  });

  it('fits exactly when the shortfall is zero', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const vector = ResourceVector.of(a);
        expect(vector.fitsIn(b)).toBe(vector.shortfallIn(b).isZero());
      }),
    );
  });

  it('counts how many fit into a space together', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const [one, space] = [ResourceVector.of(a), ResourceVector.of(b)];
        const count = one.timesIn(space);
        const isExact =
          count === Infinity ? one.isZero() : one.times(count).fitsIn(space) && !one.times(count + 1).fitsIn(space);
        expect(isExact).toBe(true);
      }),
    );
  });

  it('sums in any order to the same vector, and refuses a sum that a double cannot hold', () => {
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 20 }), (list) => {
        expect(ResourceVector.sum(list).equals(ResourceVector.sum(list.toReversed()))).toBe(true);
      }),
    );
    const large = { cpuMillis: 2 ** 52, memoryMib: 0, gpuMillis: 0 };
    expect(() => ResourceVector.sum([large, large, large])).toThrow(RangeError);
  });

  it('returns null as the share of a resource that the capacity lacks', () => {
    const share = ResourceVector.of({ cpuMillis: 500, memoryMib: 0, gpuMillis: 0 }).shareOf({
      cpuMillis: 1000,
      memoryMib: 4,
      gpuMillis: 0,
    });
    expect(share).toEqual({ cpuMillis: 0.5, memoryMib: 0, gpuMillis: null });
  });
});
