import { describe, expect, it } from '@jest/globals';

import { summaryOf } from './summary.js';
import { aDeployment, aPass, someEvidence } from './testing/evidence.js';

const SHARES = { cpuMillis: 0.9, memoryMib: 0.5, gpuMillis: null };
const RUN = { evidence: [someEvidence()], mean: SHARES, peak: SHARES, seconds: 4, violations: [] };

const textOf = (...args: Parameters<typeof summaryOf>): string => summaryOf(...args).join('\n');

describe('the summary', () => {
  it('counts by priority what became of the deployments', () => {
    const deployments = [
      ...someEvidence().deployments,
      aDeployment('d', { priority: 0, status: 'cancelled' }),
      aDeployment('e', { priority: 0, status: 'timed_out' }),
    ];
    const lines = summaryOf({ ...RUN, evidence: [someEvidence({ deployments })] });
    expect(lines.slice(1, 5).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['priority', 'submitted', 'succeeded', 'failed', 'cancelled', '(in the queue)', 'other'],
      ['2', '3', '1', '1', '1', '1', '0'],
      ['0', '2', '0', '0', '1', '0', '1'],
      ['all', '5', '1', '1', '2', '1', '1'],
    ]);
  });

  it('reports the throughput of the run, and of the passes alone', () => {
    const text = textOf(RUN);
    expect(text).toContain('2 placements in 4.0 s: 1 placements/s');
    expect(text).toContain('2 passes worked 0.04 s for it: 50 placements/s');
  });

  it('shows the certificate of the first pass that placed something, in any cluster', () => {
    const certificate = {
      optimal: false,
      levels: [{ priority: 7, placed: 11, upperBound: 12 }],
      utilization: { value: 1.5, upperBound: 1.75 },
    };
    const later = someEvidence({ passes: [aPass({ placed: 5, startedAt: '2026-01-01T00:00:09Z' })] });
    const passes = [
      aPass({ startedAt: '2026-01-01T00:00:00Z' }),
      aPass({ placed: 11, waiting: 40, shapes: 6, certificate, startedAt: '2026-01-01T00:00:02Z' }),
    ];
    const text = textOf({ ...RUN, evidence: [later, someEvidence({ name: 'lab/first', passes })] });
    expect(text).toContain('lab/first: 40 waited, 6 shapes');
    expect(text).toMatch(/7 +11 +12/);
    expect(text).toContain('not proved optimal');
    expect(text).toContain('utilization 1.500 of at most 1.750');
    expect(text).toContain('1 of 2 passes that placed something are proved optimal');
  });

  it('reports that no pass placed anything', () => {
    expect(textOf({ ...RUN, evidence: [someEvidence({ passes: [] })] })).toContain('no pass placed anything');
  });

  it('ends with the verdict', () => {
    expect(textOf(RUN)).toContain('invariants hold:');
    const text = textOf({ ...RUN, violations: ['lab/pool: 1 have not ended: a'] });
    expect(text).toContain('INVARIANTS DO NOT HOLD:\n    - lab/pool: 1 have not ended: a');
    expect(text).not.toContain('invariants hold');
  });
});
