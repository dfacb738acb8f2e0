import { describe, expect, it } from '@jest/globals';

import { DEFAULT_POLICY, type Plan, type RunningGroup, type Snapshot, type WaitingShape } from '#packing';

import { cutOf } from './plan-cut.js';

const cpu = (cpuMillis: number) => ({ cpuMillis, memoryMib: 0, gpuMillis: 0 });

const victim = (id: string, cpuMillis: number, stopsAtOnce = true): RunningGroup => ({
  priority: 10,
  resources: cpu(cpuMillis),
  count: 1,
  endsAtMs: null,
  preemptible: { id, sinceMs: 0, preemptions: 0, stopsAtOnce },
});

const shape = (priority: number, cpuMillis: number, count: number): WaitingShape => ({
  priority,
  request: cpu(cpuMillis),
  maxRuntimeSeconds: null,
  count,
  oldest: { id: `of-${priority}`, queuedAtMs: 0 },
});

/** A full cluster of ten victims of one core each, and two shapes of higher priority. */
function aSnapshot(stopGraceSeconds = 0, stopsAtOnce = true): Snapshot {
  return {
    capacity: cpu(10),
    nowMs: 1_000_000,
    policy: { ...DEFAULT_POLICY, preemption: 'lower-priority', stopGraceSeconds },
    isCordoned: false,
    running: Array.from({ length: 10 }, (_, index) => victim(`v${index}`, 1, stopsAtOnce)),
    waiting: [shape(90, 3, 2), shape(50, 1, 4)],
    reservations: [],
  };
}

const preempt = Array.from({ length: 10 }, (_, group) => ({
  id: `v${group}`,
  group,
  by: group < 6 ? 0 : 1,
  lostSeconds: 5,
}));

const aPlan: Pick<Plan, 'place' | 'preempt' | 'reservations'> = {
  place: [
    { shape: 0, count: 2, includes: [] },
    { shape: 1, count: 4, includes: [] },
  ],
  preempt,
  reservations: [],
};

const cut = (plan: Pick<Plan, 'place' | 'preempt' | 'reservations'>, limit: number, snapshot = aSnapshot()) => {
  const { place, preempt: victims, isCut } = cutOf(plan, snapshot, limit);
  return {
    starts: place.map(({ shape: index, count }) => [index, count]),
    victims: victims.map(({ id }) => id),
    isCut,
  };
};

describe('as much of a plan as one pass makes real', () => {
  it('keeps a plan whole that stays within the limit', () => {
    expect(cut(aPlan, 16)).toEqual({
      starts: [
        [0, 2],
        [1, 4],
      ],
      victims: preempt.map(({ id }) => id),
      isCut: false,
    });
  });

  it('keeps each start together with its victims, and each victim with a start', () => {
    expect(cut(aPlan, 4)).toEqual({ starts: [[0, 1]], victims: ['v0', 'v1', 'v2'], isCut: true });
    expect(cut(aPlan, 8)).toEqual({ starts: [[0, 2]], victims: ['v0', 'v1', 'v2', 'v3', 'v4', 'v5'], isCut: true });
    expect(cut(aPlan, 12)).toEqual({
      starts: [
        [0, 2],
        [1, 2],
      ],
      victims: ['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7'],
      isCut: true,
    });
  });

  it('keeps at least one start with its victims, however low the limit is', () => {
    expect(cut(aPlan, 0)).toEqual({ starts: [[0, 1]], victims: ['v0', 'v1', 'v2'], isCut: true });
  });

  it('fits at every limit, and goes on until everything is done', () => {
    for (let limit = 0; limit <= 16; limit++) {
      const { place, preempt: victims } = cutOf(aPlan, aSnapshot(), limit);
      const taken = place.reduce(
        (sum, { shape: index, count }) => sum + count * (aSnapshot().waiting[index]?.request.cpuMillis ?? 0),
        0,
      );
      expect(taken).toBeLessThanOrEqual(victims.length);
      expect(taken).toBeGreaterThan(0);
    }
  });

  it('cuts a plan without victims at the limit of starts', () => {
    const plain = { ...aPlan, preempt: [] };
    expect(cut(plain, 3, { ...aSnapshot(), running: [] })).toEqual({
      starts: [
        [0, 2],
        [1, 1],
      ],
      victims: [],
      isCut: true,
    });
  });

  it('takes all victims where some stop at their leisure: what they make room for starts later anyway', () => {
    const graceful = { place: [{ shape: 1, count: 4, includes: [] }], preempt, reservations: [] };
    expect(cut(graceful, 12, aSnapshot(30, false))).toEqual({
      starts: [[1, 2]],
      victims: preempt.map(({ id }) => id),
      isCut: true,
    });
  });
});
