import { describe, expect, it } from '@jest/globals';

import { blockersOf, type ClusterStop, DEFAULT_POLICY, plan, type Snapshot, type WaitingShape } from '#packing';

import { encodeReport, reportOf, decodeReport } from './queue-blocker-report.js';

const amounts = (cpuMillis: number) => ({ cpuMillis, memoryMib: 1, gpuMillis: 0 });

const shape = (priority: number, cpu: number, queuedAtMs: number, id = `d${priority}-${cpu}`): WaitingShape => ({
  priority,
  request: amounts(cpu),
  maxRuntimeSeconds: null,
  count: 3,
  oldest: { id, queuedAtMs },
});

const snapshotOf = (waiting: readonly WaitingShape[], cpu = 100): Snapshot => ({
  capacity: { cpuMillis: cpu, memoryMib: 1_000_000, gpuMillis: 0 },
  nowMs: 1_000_000,
  policy: { ...DEFAULT_POLICY, reserveAfterSeconds: null },
  isCordoned: false,
  running: [],
  waiting,
  reservations: [],
});

const left = (snapshot: Snapshot, stops: readonly ClusterStop[] = []) => ({ snapshot, plan: plan(snapshot), stops });

describe('the report of a queue', () => {
  it('lists the blockers of every shape that a pass left waiting, by priority and age', () => {
    const snapshot = snapshotOf([shape(50, 70, 5), shape(50, 60, 4), shape(60, 50, 9), shape(40, 1, 1)]);
    const report = reportOf(left(snapshot));
    // Two of priority 60 fill the cluster.
    expect(report.described.map(({ priority, request, waiting }) => [priority, request.cpuMillis, waiting])).toEqual([
      [60, 50, 1],
      [50, 60, 3],
      [50, 70, 3],
      [40, 1, 3],
    ]);
    expect(report).toMatchObject({ shapes: 4, waiting: 10 });
    const whole = blockersOf(snapshot, plan(snapshot));
    expect(report.described.map(({ blockers }) => blockers)).toEqual(
      [2, 1, 0, 3].map((index) => whole.find((kept) => kept.shape === index)?.blockers),
    );
  });

  it('names the reason why nothing starts', () => {
    const snapshot = { ...snapshotOf([shape(50, 1, 1)]), isCordoned: true };
    expect(reportOf(left(snapshot, ['DRAINING'])).described[0]?.blockers).toEqual([{ code: 'DRAINING' }]);
  });

  it('decodes a stored report to what was encoded', async () => {
    const nameless = shape(50, 70, 0, '');
    const report = reportOf(left(snapshotOf([nameless, shape(60, 60, 9)])));
    expect(report.described.map(({ oldest }) => oldest)).toEqual([{ id: 'd60-60', queuedAtMs: 9 }, null]);
    expect(await decodeReport(encodeReport(report))).toEqual(report);
  });

  it('stays small, whatever waits', () => {
    // Fifty priorities above the last one are ahead of it, and each is told.
    const many = Array.from({ length: 9_000 }, (_, index) => shape(index % 50, 101 + index, index));
    const running = [{ priority: 50, resources: amounts(10_000), count: 1, endsAtMs: null }];
    const report = reportOf(left({ ...snapshotOf(many, 10_000), running }));
    expect(report).toMatchObject({ shapes: many.length, waiting: many.length * 3 });
    expect(report.described.length).toBeLessThanOrEqual(5_000);
    expect(report.described.reduce((sum, { blockers }) => sum + blockers.length, 0)).toBeLessThanOrEqual(30_000);
    expect(report.described[0]?.priority).toBe(49);
    expect(encodeReport(report).bytes.length).toBeLessThan(500_000);
  });
});
