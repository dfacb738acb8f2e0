import type { Candidate } from './candidates.js';
import { isSameShape, nominationsOf } from '../reservation.js';
import type { Snapshot } from '../types.js';

/** Nominations of the snapshot by shape, as far as their deployments still wait; none while nothing may start. */
export interface ShapeNomination {
  /** Index of the shape. */
  readonly shape: number;
  readonly count: number;
  readonly priority: number;
  readonly sinceMs: number;
}

/** The nominations that apply. */
export function shapeNominations({ waiting, reservations, isCordoned }: Snapshot): ShapeNomination[] {
  if (isCordoned) return [];
  return nominationsOf(reservations).flatMap((nomination) => {
    const { priority, sinceMs } = nomination;
    const shape = waiting.findIndex((one) => isSameShape(one, nomination));
    const count = Math.min(nomination.count, waiting[shape]?.count ?? 0);
    return count > 0 ? [{ shape, count, priority, sinceMs }] : [];
  });
}

/** Whether giving up somebody frees what is held at once. */
export function stopsAtOnce({ policy, running }: Snapshot, { group }: Candidate): boolean {
  return policy.stopGraceSeconds === 0 || running[group]?.preemptible?.stopsAtOnce === true;
}

/** When everything has stopped that was told to, and that is told to now; the time of the snapshot where nothing has to. */
export function lastStopMs(snapshot: Snapshot, victims: readonly Candidate[]): number {
  return Math.max(snapshot.nowMs, ...stopsMs(snapshot, victims));
}

/** When the next of it must have stopped, as far as that is yet to come. */
export function nextStopMs(snapshot: Snapshot, victims: readonly Candidate[]): number {
  return Math.min(Infinity, ...stopsMs(snapshot, victims).filter((stop) => stop > snapshot.nowMs));
}

/** When each of those must have stopped: what vacates, and victims that are given time. */
export function stopsMs(snapshot: Snapshot, victims: readonly Candidate[]): number[] {
  const { running, nowMs, policy } = snapshot;
  const graceEndsMs = nowMs + policy.stopGraceSeconds * 1000;
  const stops = running.flatMap(({ isTerminating, endsAtMs }) =>
    isTerminating === true ? [endsAtMs ?? graceEndsMs] : [],
  );
  return victims.some((victim) => !stopsAtOnce(snapshot, victim)) ? [...stops, graceEndsMs] : stops;
}
