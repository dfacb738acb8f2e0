import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type DeploymentHistory } from '#deployments';
import { DEFAULT_POLICY, type PlanningPolicy, Simulation } from '#packing';

import { cases } from '../../../test/support/cases.js';
import { type History, openEnds, recordedWaits, simulateHistory } from './simulated-history.js';

const capacity = { cpuMillis: 100, memoryMib: 0, gpuMillis: 0 };

const aDeployment = (id: string, changes: Partial<DeploymentHistory> = {}): DeploymentHistory => ({
  id,
  submittedBy: 'ada',
  priority: 50,
  cpuMillis: 60,
  memoryMib: 0,
  gpuMillis: 0,
  maxRuntimeSeconds: 100,
  isPreemptible: true,
  queuedAtMs: 0,
  scheduledAtMs: 0,
  endedAtMs: 100_000,
  ...changes,
});

const aHistory = (deployments: readonly DeploymentHistory[], changes: Partial<History> = {}): History => ({
  fromMs: 0,
  toMs: 10_000_000,
  deployments,
  snapshots: [{ nowMs: 0, capacity, isCordoned: false, policy: DEFAULT_POLICY }],
  ...changes,
});

const someDeployments = fc
  .array(
    fc.record({
      cpuMillis: fc.integer({ min: 1, max: 90 }),
      priority: fc.constantFrom(10, 50, 90),
      queuedAtMs: fc.nat(3_600).map((seconds) => seconds * 1_000),
      ran: fc.integer({ min: 1, max: 1_000 }),
      submittedBy: fc.constantFrom('ada', 'bo'),
    }),
    { minLength: 5, maxLength: 40 },
  )
  .map((list) =>
    list.map(({ ran, ...one }, index) => {
      const times = { scheduledAtMs: one.queuedAtMs, endedAtMs: one.queuedAtMs + ran * 1_000, maxRuntimeSeconds: ran };
      return aDeployment(`d${String(index).padStart(2, '0')}`, { ...one, ...times });
    }),
  );

const somePolicy = fc.constantFrom<Partial<PlanningPolicy>>(
  {},
  { preemption: 'lower-priority', preemptAfterSeconds: 0 },
  { reserveAfterSeconds: 0, reservationOrder: 'age' },
  { searchSteps: 1 },
);

describe('a recorded time that is simulated', () => {
  it('answers for another policy what the simulator answers for the same arrivals', () => {
    fc.assert(
      fc.property(someDeployments, somePolicy, (deployments, policy) => {
        const figures = simulateHistory(aHistory(deployments), { policy });
        const direct = new Simulation(
          capacity,
          { ...DEFAULT_POLICY, ...policy },
          deployments.map(({ id, priority, cpuMillis, queuedAtMs, scheduledAtMs, endedAtMs, maxRuntimeSeconds }) => ({
            id,
            priority,
            request: { cpuMillis, memoryMib: 0, gpuMillis: 0 },
            arrivesAtSeconds: queuedAtMs / 1_000,
            declaredSeconds: maxRuntimeSeconds,
            takesSeconds: ((endedAtMs ?? 0) - (scheduledAtMs ?? 0)) / 1_000,
            isPreemptible: true,
          })),
        );
        direct.names = 64;
        const first = new Map<string, number>();
        direct.onInterval = () => {
          for (const [id, at] of direct.startedAtSeconds) if (!first.has(id)) first.set(id, at);
        };
        direct.run(10_000);
        const waits = deployments.map(({ id, queuedAtMs }) => (first.get(id) ?? NaN) - queuedAtMs / 1_000);
        expect(figures).toMatchObject({ started: deployments.length, neverStarted: 0, max: Math.max(...waits) });
        expect(figures.mean).toBeCloseTo(waits.reduce((sum, wait) => sum + wait, 0) / waits.length, 6);
        expect(figures.preempted).toBe(direct.evictions.length);
        expect(figures.promises.late).toBe(0);
      }),
      { numRuns: cases(50) },
    );
  });

  it('measures waits, utilization and members with more capacity and without', () => {
    const deployments = [
      aDeployment('a'),
      aDeployment('b', { submittedBy: 'bo', scheduledAtMs: 100_000, endedAtMs: 200_000 }),
    ];
    const history = aHistory(deployments, { toMs: 200_000 });
    expect(recordedWaits(history)).toEqual({ started: 2, mean: 50, p50: 100, p95: 100, max: 100 });
    const same = simulateHistory(history, {});
    expect(same).toMatchObject({ mean: 50, max: 100, utilization: { cpuMillis: 0.6 } });
    expect(same.byMember['bo']).toMatchObject({ started: 1, mean: 100 });
    const more = simulateHistory(history, { addCapacity: { cpuMillis: 20 } });
    expect(more).toMatchObject({ mean: 0, max: 0, utilization: { cpuMillis: 0.5 } });
  });

  it('keeps what ran before, leaves out what was cancelled, and starts nothing while cordoned', () => {
    const deployments = [
      aDeployment('before', { queuedAtMs: 900_000, scheduledAtMs: 950_000, endedAtMs: 1_050_000 }),
      aDeployment('cancelled', { queuedAtMs: 960_000, scheduledAtMs: null, endedAtMs: 1_010_000 }),
      aDeployment('waits', { queuedAtMs: 970_000, scheduledAtMs: 1_100_000, endedAtMs: null }),
    ];
    const seen = { nowMs: 1_000_000, capacity, isCordoned: false, policy: DEFAULT_POLICY };
    const history = aHistory(deployments, {
      fromMs: 1_000_000,
      toMs: 1_500_000,
      snapshots: [seen, { ...seen, nowMs: 1_040_000, isCordoned: true }, { ...seen, nowMs: 1_080_000 }],
    });
    expect(openEnds(history)).toBe(1);
    expect(simulateHistory(history, {})).toMatchObject({ started: 1, neverStarted: 1, max: 110 });
  });
});
