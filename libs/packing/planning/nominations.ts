import type { Candidate } from './candidates.js';
import { isSameShape, nominationsOf } from '../reservation.js';
import type { Snapshot } from '../types.js';

/** A nomination of the snapshot, as far as its deployments still wait. */
export interface ShapeNomination {
  /** Index of the shape. */
  readonly shape: number;
  readonly count: number;
  readonly priority: number;
  readonly sinceMs: number;
}

/** Nominations of the snapshot, with their shapes; none while nothing may start. */
export function shapeNominations({ waiting, reservations, isCordoned }: Snapshot): ShapeNomination[] {
  if (isCordoned) return [];
  return nominationsOf(reservations).flatMap((nomination) => {
    const { priority, sinceMs } = nomination;
    const shape = waiting.findIndex((one) => isSameShape(one, nomination));
    const count = Math.min(nomination.count, waiting[shape]?.count ?? 0);
    return count > 0 ? [{ shape, count, priority, sinceMs }] : [];
  });
}

/** Whether preempting a candidate frees its resources at once. */
export function stopsAtOnce({ policy, running }: Snapshot, { group }: Candidate): boolean {
  return policy.stopGraceSeconds === 0 || running[group]?.preemptible?.stopsAtOnce === true;
}

/** When everything terminating and all of these victims have stopped; the time of the snapshot where nothing has to. */
export function lastStopMs(snapshot: Snapshot, victims: readonly Candidate[]): number {
  return Math.max(snapshot.nowMs, ...stopsMs(snapshot, victims));
}

/** The next time at which one of them must have stopped. */
export function nextStopMs(snapshot: Snapshot, victims: readonly Candidate[]): number {
  return Math.min(Infinity, ...stopsMs(snapshot, victims).filter((stop) => stop > snapshot.nowMs));
}

/** When each of them must have stopped: what is terminating, and victims that have a grace. */
export function stopsMs(snapshot: Snapshot, victims: readonly Candidate[]): number[] {
  const { running, nowMs, policy } = snapshot;
  const graceEndsMs = nowMs + policy.stopGraceSeconds * 1000;
  const stops = running.flatMap(({ isTerminating, endsAtMs }) =>
    isTerminating === true ? [endsAtMs ?? graceEndsMs] : [],
  );
  return victims.some((victim) => !stopsAtOnce(snapshot, victim)) ? [...stops, graceEndsMs] : stops;
}
