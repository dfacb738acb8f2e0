import { describe, expect, it } from '@jest/globals';

import { amounts, aRunningGroup, aShape, aSnapshot } from '../testing/problems.js';
import { earliestFit, endOf, freeAt, allocationsOf } from './timeline.js';
import type { RunningGroup } from '../types.js';

const NOW = 1_000;
const fit = (running: RunningGroup[], request: number[], capacity = amounts(100, 100)): number | null =>
  earliestFit(aSnapshot({ capacity, nowMs: NOW }), allocationsOf(running, NOW), request);
const runs = (cpu: number, endsAtMs: number | null, count = 1): RunningGroup =>
  aRunningGroup({ resources: amounts(cpu), endsAtMs, count });

describe('the earliest time at which a request surely fits', () => {
  it('returns now where the request fits beside what runs', () => {
    expect(fit([runs(30, null, 2)], [40, 0, 0])).toBe(NOW);
  });

  it('returns the first declared end that makes room, counting all that end together', () => {
    const running = [runs(30, 9_000), runs(30, 5_000), runs(30, 5_000)];
    expect(fit(running, [60, 0, 0])).toBe(5_000);
    expect(fit(running, [90, 0, 0])).toBe(9_000);
  });

  it('ignores what declared no end, or is past its end', () => {
    expect(fit([runs(50, null)], [60, 0, 0])).toBeNull();
    expect(fit([runs(50, NOW)], [60, 0, 0])).toBeNull();
  });

  it('ignores an overused resource that is not requested', () => {
    expect(fit([runs(120, null)], [0, 100, 0])).toBe(NOW);
  });
});

describe('what is free at a time', () => {
  it('includes what ends exactly then', () => {
    const snapshot = aSnapshot({ nowMs: NOW });
    const allocations = allocationsOf([runs(30, 5_000), runs(20, 5_001)], NOW);
    expect(freeAt(snapshot, allocations, 4_999)).toEqual([50, 0, 0]);
    expect(freeAt(snapshot, allocations, 5_000)).toEqual([80, 0, 0]);
  });

  it('returns a negative amount where more runs than the capacity', () => {
    expect(freeAt(aSnapshot(), allocationsOf([runs(120, null)], 0), 0)).toEqual([-20, 0, 0]);
  });
});

it('ends a deployment its declared runtime after its start', () => {
  expect(endOf(aShape({ maxRuntimeSeconds: 5 }), NOW)).toBe(6_000);
  expect(endOf(aShape(), NOW)).toBeNull();
});
