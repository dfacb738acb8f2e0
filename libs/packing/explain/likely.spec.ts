import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import type { Snapshot } from '../types.js';
import { forecast } from './forecast.js';
import { type KnownRuntimes, likelyWaits } from './likely.js';

const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;

const NOTHING: KnownRuntimes = { histories: [], running: [], waiting: new Map() };

/** One runs for an hour more as declared, or without end; one waits for its place, and another behind it. */
function busy(endsAtMs: number | null = NOW + HOUR_MS): Snapshot {
  return aSnapshot({
    nowMs: NOW,
    running: [aRunningGroup({ resources: amounts(100), endsAtMs })],
    waiting: [
      aShape({ request: amounts(100), maxRuntimeSeconds: 3_600, oldest: { id: 'first', queuedAtMs: NOW - 20 } }),
      aShape({
        request: amounts(90),
        maxRuntimeSeconds: 3_600,
        oldest: { id: 'second', queuedAtMs: NOW - 10 },
        priority: 0,
      }),
    ],
  });
}

const at = (id: string, shape: number) => ({ id, queuedAtMs: NOW - 20 + shape * 10, shape, older: 0 });

describe('likely starts', () => {
  it('matches the declared forecast where nothing is known', () => {
    const snapshot = busy();
    const positions = [at('first', 0), at('second', 1)];
    const declared = forecast(snapshot, positions).etas.map(({ atMs }) => (atMs === null ? null : atMs - NOW));
    expect(declared).toEqual([HOUR_MS, 2 * HOUR_MS]);
    expect(likelyWaits(snapshot, positions, NOTHING)).toEqual(declared);
  });

  it('ends each run as one of those most like the run ended, and plans on', () => {
    const known: KnownRuntimes = {
      histories: [[900], [600]],
      running: [[{ sinceMs: NOW - 300_000, history: 0 }]],
      waiting: new Map([['first', 1]]),
    };
    expect(likelyWaits(busy(), [at('first', 0), at('second', 1)], known)).toEqual([600_000, 1_200_000]);
  });

  it('forecasts starts behind runs that declare nothing, from what was learned', () => {
    const known = { ...NOTHING, histories: [[900]], running: [[{ sinceMs: NOW - 300_000, history: 0 }]] };
    const [eta] = forecast(busy(null), [at('first', 0)]).etas;
    expect(eta).toEqual({ atMs: null, reason: 'runtimes-undeclared' });
    expect(likelyWaits(busy(null), [at('first', 0)], known)).toEqual([600_000]);
    expect(likelyWaits(busy(null), [at('first', 0)], NOTHING)).toEqual([null]);
    expect(likelyWaits(busy(null), [at('first', 0)], { ...known, histories: [[]] })).toEqual([null]);
  });

  it('lets what has run longer than all others run half as long again, and never beyond the declared end', () => {
    const known = { ...NOTHING, histories: [[60]], running: [[{ sinceMs: NOW - 1_200_000, history: 0 }]] };
    expect(likelyWaits(busy(null), [at('first', 0)], known)).toEqual([600_000]);
    expect(likelyWaits(busy(), [at('first', 0)], known)).toEqual([HOUR_MS]);
    const longer = { ...known, histories: [[100_000]] };
    expect(likelyWaits(busy(), [at('first', 0)], longer)).toEqual([HOUR_MS]);
  });

  it('repeats the same futures of the same snapshot, between the shortest and the longest run', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 400, max: 3_000 }), { minLength: 1, maxLength: 20 }), (runs) => {
        const known = { ...NOTHING, histories: [runs], running: [[{ sinceMs: NOW - 300_000, history: 0 }]] };
        const [wait] = likelyWaits(busy(), [at('first', 0)], known);
        expect(likelyWaits(busy(), [at('first', 0)], known)).toEqual([wait]);
        expect(wait).toBeGreaterThanOrEqual(Math.min(...runs) * 1_000 - 300_000);
        expect(wait).toBeLessThanOrEqual(Math.max(...runs) * 1_000 - 300_000);
      }),
      { numRuns: 50 },
    );
  });

  it('returns nothing for a search that is stopped before three futures were played', () => {
    let asked = 0;
    const shouldStop = (): boolean => (asked += 1) > 4;
    expect(likelyWaits(busy(), [at('second', 1)], NOTHING, { shouldStop })).toEqual([null]);
  });
});
