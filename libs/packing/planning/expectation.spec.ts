import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { expectEndMs, expectSeconds } from './expectation.js';

describe('the expected end of a run', () => {
  it('expects half of the past runtime more where nothing is known', () => {
    expect(expectEndMs(100_000, 300_000)).toBe(400_000);
    expect(expectEndMs(100_000, 300_001, [500, 600])).toBe(400_002);
  });

  it('expects the time by which four of five have ended that took longer', () => {
    const known = [10, 20, 30, 40, 50];
    expect(expectEndMs(0, 5_000, known)).toBe(50_000);
    expect(expectEndMs(0, 20_000, [...known, 60, 70, 80, 90, 100, 110])).toBe(100_000);
    expect(expectSeconds([1, 2, 3])).toBe(3);
    expect(expectSeconds([1, 2])).toBeNull();
  });

  it('expects an end ahead, and moves with the start of a run of the same age', () => {
    const known = fc.array(fc.integer({ min: 1, max: 10_000 })).map((list) => list.sort((a, b) => a - b));
    const time = fc.nat(20_000_000);
    fc.assert(
      fc.property(known, time, time, time, (list, started, taken, later) => {
        const endMs = expectEndMs(started, started + taken, list);
        expect(endMs).toBeGreaterThanOrEqual(started + taken + 1_000);
        expect(expectEndMs(started + later, started + later + taken, list)).toBe(endMs + later);
      }),
      { numRuns: cases(300) },
    );
  });
});
