import { toRow } from '../rows.js';
import { freeAt, allocationOf, allocationsOf } from '../planning/timeline.js';
import { type Nomination, nominationsOf } from '../reservation.js';
import type { Plan, RunningGroup, Snapshot } from '../types.js';

/** What is free after all victims have stopped, beside what starts, and beside these nominations. */
export function freeAfterStops(
  snapshot: Snapshot,
  { place, preempt }: Pick<Plan, 'place' | 'preempt'>,
  nominations: readonly Nomination[],
): number[] {
  const { running, waiting, nowMs } = snapshot;
  const gone = new Set(preempt.map(({ group }) => group));
  const stays = running.filter((group, index) => group.isTerminating !== true && !gone.has(index));
  const starts = place.map(({ shape, count }) => allocationOf(waiting[shape]!, count, nowMs));
  const free = freeAt(snapshot, [...allocationsOf(stays, nowMs), ...starts], nowMs);
  for (const { request, count } of nominations) {
    toRow(request).forEach((amount, row) => (free[row] = free[row]! - amount * count));
  }
  return free;
}

/**
 * Nominations that survive the requeueing of preempted deployments. A victim comes back with its priority, and may take what is nominated to a lower
 * one: its preemptor may have gone meanwhile.
 */
export function lastingNominations(
  snapshot: Snapshot,
  plan: Pick<Plan, 'place' | 'preempt' | 'reservations'>,
): readonly Nomination[] {
  const nominations = nominationsOf(plan.reservations);
  const returning = snapshot.running.filter(({ returns }) => returns !== undefined);
  if (nominations.length === 0 || returning.length === 0) return nominations;
  const beside = (from: number, { resources }: RunningGroup): boolean => {
    const kept = nominations.filter(({ priority }) => priority >= from);
    const free = freeAfterStops(snapshot, plan, kept);
    return toRow(resources).every((amount, row) => amount === 0 || amount <= free[row]!);
  };
  const taking = returning.filter((group) => beside(group.priority, group) && !beside(0, group));
  return nominations.filter(({ priority }) => taking.every((group) => group.priority <= priority));
}
