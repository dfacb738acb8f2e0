import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { errorOf, LEAST_ERRORS, likelyRange } from './calibration.js';

describe('the range of a likely start', () => {
  it('spreads by the errors of the past', () => {
    const exact = Array.from({ length: LEAST_ERRORS }, () => 1);
    expect(likelyRange(60_000, exact)).toEqual({ p10: 60_000, p50: 60_000, p90: 60_000 });
    const spread = Array.from({ length: 100 }, (_, at) => (at + 1) / 10);
    expect(likelyRange(60_000, spread)).toEqual({ p10: 48_000, p50: 60_000, p90: 564_000 });
  });

  it('takes a usual range where few errors are known', () => {
    const { p10, p90 } = likelyRange(60_000, [1, 1, 1]);
    expect(p10).toBeLessThan(60_000);
    expect(p90).toBeGreaterThan(60_000);
  });

  it('orders its ends around the likely wait, whatever the errors', () => {
    fc.assert(
      fc.property(
        fc.nat(10 ** 9),
        fc.array(fc.tuple(fc.nat(10 ** 9), fc.nat(10 ** 9)), { maxLength: 120 }),
        (wait, past) => {
          const { p10, p50, p90 } = likelyRange(
            wait,
            past.map(([likely, real]) => errorOf(likely, real)),
          );
          expect(p10).toBeLessThanOrEqual(p50);
          expect(p50).toBe(wait);
          expect(p90).toBeGreaterThanOrEqual(p50);
        },
      ),
    );
  });
});
