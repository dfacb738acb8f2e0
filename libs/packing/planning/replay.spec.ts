import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { verify } from '../proof/verify.js';
import { someTrouble } from '../testing/arbitraries.js';
import { someBusyCluster } from '../testing/busy-clusters.js';
import type { Plan, Snapshot } from '../types.js';
import { plan } from './plan.js';

/** The plan that a caller gets who says stop the given time it is asked. */
function stoppedAt(snapshot: Snapshot, question: number): Plan {
  let asked = 0;
  return plan(snapshot, { shouldStop: () => ++asked >= question, withProof: true });
}

const someHardCluster = fc.oneof(
  someTrouble('coprime', { shapes: 120, count: 4, largest: 1_000, levels: 4 }),
  someTrouble('anti-correlated', { shapes: 120, count: 20, largest: 1_000_000, levels: 3 }),
  someBusyCluster({ running: 120, shapes: 60, count: 4, largest: 1_000, elapsed: 100_000 }).map((snapshot) => ({
    ...snapshot,
    policy: { ...snapshot.policy, reserveAfterSeconds: 300 },
  })),
);

describe('a plan that was stopped by time', () => {
  it('returns the same plan, bit for bit, for its snapshot and the steps that were recorded', () => {
    let stopped = 0;
    fc.assert(
      fc.property(someHardCluster, fc.integer({ min: 1, max: 20 }), (snapshot, question) => {
        const first = stoppedAt(snapshot, question);
        expect(verify(snapshot, first)).toEqual({ isAccepted: true });
        if (first.certificate.stopped !== 'deadline') return;
        stopped++;
        const again = plan(snapshot, { stopAtSteps: first.certificate.steps, withProof: true });
        expect(again).toEqual(first);
        expect(again.certificate.steps).toBe(first.certificate.steps);
      }),
      { numRuns: cases(200) },
    );
    expect(stopped).toBeGreaterThan(cases(200) / 10);
  });

  it('returns the whole plan where the recorded steps are never reached', () => {
    fc.assert(
      fc.property(someHardCluster, (snapshot) => {
        const whole = plan(snapshot, { withProof: true });
        const again = plan(snapshot, { stopAtSteps: whole.certificate.steps + 1, withProof: true });
        expect(again).toEqual(whole);
      }),
      { numRuns: cases(40) },
    );
  });
});
