import { toRow } from '../rows.js';
import type { RunningGroup, Snapshot, WaitingShape } from '../types.js';

/** Amounts of the three resources that are allocated until a time; `null`: not known until when. */
export interface Allocation {
  readonly amounts: readonly number[];
  /** The declared end. */
  readonly endsAtMs: number | null;
  /** The declared end, or else the expected one. */
  readonly expectedMs: number | null;
}

/** Allocations of what runs. A deployment past its declared end may run on for ever. */
export function allocationsOf(running: readonly RunningGroup[], nowMs: number): Allocation[] {
  return running.map(({ resources, count, endsAtMs: declaredMs, expectedEndMs = null }) => {
    const endsAtMs = declaredMs !== null && declaredMs > nowMs ? declaredMs : null;
    const amounts = toRow(resources).map((amount) => amount * count);
    return { amounts, endsAtMs, expectedMs: endsAtMs ?? expectedEndMs };
  });
}

/** The allocations as a gathering sees them: what is expected to end by a time ends when it is expected to. */
export function asExpected(allocations: readonly Allocation[], untilMs: number): Allocation[] {
  return allocations.map((one) =>
    one.expectedMs !== null && one.expectedMs <= untilMs ? { ...one, endsAtMs: one.expectedMs } : one,
  );
}

/** What `count` of a shape take if they start now. */
export function allocationOf(shape: WaitingShape, count: number, nowMs: number): Allocation {
  const { request, maxRuntimeSeconds, expectedRuntimeSeconds = null } = shape;
  return {
    amounts: toRow(request).map((amount) => amount * count),
    endsAtMs: endOf(shape, nowMs),
    expectedMs: endOf({ maxRuntimeSeconds: maxRuntimeSeconds ?? expectedRuntimeSeconds }, nowMs),
  };
}

/** When a deployment of the shape is over if it starts now. */
export function endOf({ maxRuntimeSeconds }: Pick<WaitingShape, 'maxRuntimeSeconds'>, nowMs: number): number | null {
  return maxRuntimeSeconds === null ? null : nowMs + maxRuntimeSeconds * 1000;
}

/** What is free at a time if nothing more starts; negative where more is taken than there is. */
export function freeAt(snapshot: Snapshot, allocations: readonly Allocation[], timeMs: number): number[] {
  const free = [...toRow(snapshot.capacity)];
  for (const { amounts, endsAtMs } of allocations) {
    if (endsAtMs !== null && endsAtMs <= timeMs) continue;
    amounts.forEach((amount, row) => (free[row] = free[row]! - amount));
  }
  return free;
}

/** What is free now beside some of the running groups; negative where they hold more than the capacity. */
export function freeBeside(snapshot: Snapshot, holds: (group: RunningGroup, index: number) => boolean): number[] {
  return freeAt(snapshot, allocationsOf(snapshot.running.filter(holds), snapshot.nowMs), snapshot.nowMs);
}

/** The earliest time, from now on, at which a request surely fits; `null` when no declared end makes it fit. */
export function earliestFit(
  snapshot: Snapshot,
  allocations: readonly Allocation[],
  request: readonly number[],
): number | null {
  const free = freeAt(snapshot, allocations, snapshot.nowMs);
  const fits = (): boolean => request.every((amount, row) => amount === 0 || amount <= free[row]!);
  if (fits()) return snapshot.nowMs;
  const ending = allocations.filter(
    (allocation) => allocation.endsAtMs !== null && allocation.endsAtMs > snapshot.nowMs,
  );
  ending.sort((a, b) => a.endsAtMs! - b.endsAtMs!);
  for (const [index, { amounts, endsAtMs }] of ending.entries()) {
    amounts.forEach((amount, row) => (free[row] = free[row]! + amount));
    if (ending[index + 1]?.endsAtMs !== endsAtMs && fits()) return endsAtMs;
  }
  return null;
}
