import { describe, expect, it } from '@jest/globals';

import { ResourceVector } from './resources.js';
import { type ClusterView } from './site.js';
import { sharesOf, UtilizationMeter } from './utilization.js';

const cpu = (cpuMillis: number): ResourceVector => ResourceVector.of({ cpuMillis, memoryMib: 0, gpuMillis: 0 });

const aView = (used: number, queued: number, of = 100): ClusterView => ({
  capacity: cpu(of),
  allocated: cpu(used),
  available: cpu(of - used),
  queued,
});

describe('utilization', () => {
  it('divides all allocated by all capacity, and returns null where there is no capacity', () => {
    expect(sharesOf([aView(50, 0), aView(0, 0, 300)])).toEqual({ cpuMillis: 0.125, memoryMib: null, gpuMillis: null });
    expect(sharesOf([])).toEqual({ cpuMillis: null, memoryMib: null, gpuMillis: null });
  });

  it('measures the mean over time, where deployments wait', () => {
    const meter = new UtilizationMeter();
    meter.sample(0, [aView(0, 9)]);
    meter.sample(1_000, [aView(100, 9)]);
    meter.sample(4_000, [aView(60, 1)]);
    meter.sample(9_000, [aView(10, 0)]);
    expect(meter.mean.cpuMillis).toBeCloseTo((1 * 1 + 3 * 0.6) / 4);
    expect(meter.peak.cpuMillis).toBe(1);
  });

  it('has no mean when no deployment ever waited', () => {
    const meter = new UtilizationMeter();
    meter.sample(0, [aView(10, 0)]);
    meter.sample(1_000, [aView(20, 0)]);
    expect(meter.mean.cpuMillis).toBeNull();
    expect(meter.peak).toEqual({ cpuMillis: 0.2, memoryMib: null, gpuMillis: null });
  });
});
