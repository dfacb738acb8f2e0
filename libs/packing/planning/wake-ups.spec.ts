import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { plan } from './plan.js';
import { DEFAULT_POLICY } from '../policy.js';
import { DAY, someDay } from '../testing/days.js';
import { amounts } from '../testing/problems.js';
import { Simulation } from '../simulation/simulation.js';
import { PREEMPTION } from '../types.js';

const DAYS = cases(150);

const somePolicy = fc.record({
  preemption: fc.constantFrom(...PREEMPTION, 'lower-priority'),
  reserveAfterSeconds: fc.constantFrom(null, 0, 600),
  preemptAfterSeconds: fc.constantFrom(0, 60, 3_000),
  stopGraceSeconds: fc.constantFrom(0, 0, 600),
});

describe('wake-ups', () => {
  it(`leaves nothing startable at any moment of ${DAYS} days`, () => {
    const someTimes = fc.array(fc.nat(DAY), { minLength: 12, maxLength: 12 });
    const seen = { evictions: 0, waiting: 0 };
    // A pass that reads little knows the oldest of each shape, and no other.
    const someNames = fc.constantFrom(1, Infinity);
    fc.assert(
      fc.property(
        someDay(fc.integer({ min: 1, max: 10 })),
        someTimes,
        somePolicy,
        someNames,
        (list, times, chosen, names) => {
          const policy = { ...DEFAULT_POLICY, ...chosen, maxPreemptions: 5 };
          const simulation = new Simulation(amounts(16), policy, list);
          simulation.names = names;
          for (const time of times.toSorted((a, b) => a - b)) {
            const snapshot = simulation.run(time).seenAt(time);
            const { place, preempt } = plan(snapshot);
            expect({ place, preempt }).toEqual({ place: [], preempt: [] });
            seen.waiting += snapshot.waiting.length;
          }
          seen.evictions += simulation.evictions.length;
        },
      ),
      { numRuns: DAYS },
    );
    expect([seen.evictions > DAYS, seen.waiting > DAYS]).toEqual([true, true]);
  });
});
