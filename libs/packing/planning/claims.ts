import { RESOURCES } from '#kernel';

import type { Candidate } from './candidates.js';
import type { Snapshot } from '../types.js';

/** So many of a shape for which earlier passes have made room, or are about to. */
export interface StandingClaim {
  /** Index of the shape. */
  readonly shape: number;
  readonly count: number;
  readonly priority: number;
  readonly sinceMs: number;
}

/** The claims that stand, as far as what has them still waits; none while nothing may start. */
export function standingClaims({ waiting, claims = [], isCordoned }: Snapshot): StandingClaim[] {
  if (claims.length === 0 || isCordoned) return [];
  return waiting.flatMap((shape, index) => {
    const mine = claims.filter(
      ({ priority, request, maxRuntimeSeconds }) =>
        priority === shape.priority &&
        maxRuntimeSeconds === shape.maxRuntimeSeconds &&
        RESOURCES.every((resource) => request[resource] === shape.request[resource]),
    );
    const count = Math.min(
      shape.count,
      mine.reduce((sum, claim) => sum + claim.count, 0),
    );
    const sinceMs = Math.min(...mine.map((claim) => claim.sinceMs));
    return count > 0 ? [{ shape: index, count, priority: shape.priority, sinceMs }] : [];
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
  const stops = running.flatMap(({ isVacating, endsAtMs }) => (isVacating === true ? [endsAtMs ?? graceEndsMs] : []));
  return victims.some((victim) => !stopsAtOnce(snapshot, victim)) ? [...stops, graceEndsMs] : stops;
}
