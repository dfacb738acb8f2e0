import { describe, expect, it } from '@jest/globals';

import { countLatencies, LATENCY_BUCKETS_MS } from './latencies.js';

describe('latencies', () => {
  it('counts latencies by the smallest bound that they keep', () => {
    const { counts, sumMs } = countLatencies([0, 10, 10.01, 3_600_000, 3_600_001]);
    expect(counts).toHaveLength(LATENCY_BUCKETS_MS.length + 1);
    expect([counts[0], counts[1], counts.at(-2), counts.at(-1)]).toEqual([2, 1, 1, 1]);
    expect(sumMs).toBe(7_200_021.01);
  });

  it('counts zero latencies in an empty list', () => {
    expect(countLatencies([])).toEqual({ counts: new Array(LATENCY_BUCKETS_MS.length + 1).fill(0), sumMs: 0 });
  });
});
