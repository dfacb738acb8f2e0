import type { ResourceAmounts } from '#kernel';

import { DEFAULT_POLICY } from '../policy.js';
import type { RunningGroup, Snapshot, WaitingShape } from '../types.js';

/** Amounts in stored units, by position: for tests that are about numbers. */
export function amounts(cpuMillis: number, memoryMib = 0, gpuMillis = 0): ResourceAmounts {
  return { cpuMillis, memoryMib, gpuMillis };
}

let serial = 0;

/** A valid shape of one deployment that wants one millicore; name only what the test is about. */
export function aShape(changes: Partial<WaitingShape> = {}): WaitingShape {
  serial++;
  return {
    priority: 50,
    request: amounts(1),
    maxRuntimeSeconds: null,
    count: 1,
    oldest: { id: `d${String(serial).padStart(6, '0')}`, queuedAtMs: 0 },
    ...changes,
  };
}

/** A running deployment of priority 50 with an undeclared runtime. */
export function aRunningGroup(changes: Partial<RunningGroup> = {}): RunningGroup {
  return { priority: 50, resources: amounts(1), count: 1, endsAtMs: null, ...changes };
}

/** An empty cluster of 100 millicores at time zero, without reservations. */
export function aSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    capacity: amounts(100),
    nowMs: 0,
    policy: { ...DEFAULT_POLICY, reserveAfterSeconds: null },
    isCordoned: false,
    running: [],
    waiting: [],
    reservations: [],
    ...changes,
  };
}
