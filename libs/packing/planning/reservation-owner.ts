import { earliestFit, type Allocation } from './timeline.js';
import { toRow, exceedsCapacity } from '../rows.js';
import { isSameShape, type OwnedReservation } from '../reservation.js';
import type { ReservationCause, ReservationEvent, Snapshot } from '../types.js';

/** A waiting deployment that is about to be given the cluster's reservation. */
export interface Newcomer {
  readonly id: string;
  /** Index of its shape. */
  readonly shape: number;
  readonly queuedAtMs: number;
  readonly existing: null;
}

/** A waiting deployment that has the reservation, or is about to be given it. */
export type ReservationOwner =
  Newcomer | { readonly id: string; readonly shape: number; readonly existing: OwnedReservation };

/** What can be done for an owner: start it, promise it a time, hold resources for it, let that rest for a while, or nothing. */
export type Decision =
  | { readonly kind: 'start' }
  | { readonly kind: 'promised'; readonly atMs: number }
  | { readonly kind: 'held' | 'lapsed'; readonly sinceMs: number; readonly untilMs: number }
  | { readonly kind: 'none' };

/** The best that declared runtimes allow; where they allow nothing, hold and lapse take turns. */
export function decide(snapshot: Snapshot, owner: ReservationOwner, allocations: readonly Allocation[]): Decision {
  const { nowMs, policy } = snapshot;
  const shape = snapshot.waiting[owner.shape]!;
  const atMs = earliestFit(snapshot, allocations, toRow(shape.request));
  if (atMs === nowMs) return { kind: 'start' };
  if (atMs !== null) return { kind: 'promised', atMs };
  const holdMs = policy.reserveHoldSeconds * 1000;
  if (holdMs === 0) return { kind: 'none' };
  const turn = (kind: 'held' | 'lapsed'): Decision => ({ kind, sinceMs: nowMs, untilMs: nowMs + holdMs });
  const { existing } = owner;
  if (existing === null || existing.state === 'promised') return turn('held');
  if (nowMs >= existing.untilMs) return turn(existing.state === 'held' ? 'lapsed' : 'held');
  return { kind: existing.state, sinceMs: existing.sinceMs, untilMs: existing.untilMs };
}

/** The reservation after a decision. */
export function reservationAfter(
  snapshot: Snapshot,
  owner: ReservationOwner,
  decision: Decision,
): OwnedReservation | null {
  if (decision.kind === 'start' || decision.kind === 'none') return null;
  const { priority, request, maxRuntimeSeconds } = snapshot.waiting[owner.shape]!;
  const { id, existing } = owner;
  const owned = { id, priority, request, maxRuntimeSeconds, count: 1 };
  if (decision.kind === 'promised') {
    const sinceMs = existing?.state === 'promised' ? existing.sinceMs : snapshot.nowMs;
    return { ...owned, state: 'promised', sinceMs, untilMs: decision.atMs };
  }
  return { ...owned, state: decision.kind, sinceMs: decision.sinceMs, untilMs: decision.untilMs };
}

/** The event that turns the existing reservation into the one that was decided, with its cause; `null` when nothing changed. */
export function eventOf(
  snapshot: Snapshot,
  owner: ReservationOwner,
  decision: Decision,
  isOutranked: boolean,
): ReservationEvent | null {
  const { id, existing } = owner;
  const before = promiseOf(existing);
  const delay = (): ReservationCause => (isOutranked ? 'higher-priority' : causeOfDelay(snapshot, owner, before));
  if (decision.kind === 'none') {
    return existing === null ? null : { id, kind: 'withdrawn', cause: delay(), promisedAtMs: null };
  }
  if (decision.kind === 'start') return { id, kind: 'started', cause: 'fits-now', promisedAtMs: before };
  if (decision.kind === 'promised') {
    const promisedAtMs = decision.atMs;
    if (before === promisedAtMs) return null;
    if (before !== null && promisedAtMs > before) return { id, kind: 'moved-later', cause: delay(), promisedAtMs };
    const cause = existing === null ? 'waited-long-enough' : 'runtimes-as-declared';
    return { id, kind: before === null ? 'promised' : 'moved-earlier', cause, promisedAtMs };
  }
  if (existing?.state === decision.kind && existing.sinceMs === decision.sinceMs) return null;
  if (decision.kind === 'lapsed') return { id, kind: 'lapsed', cause: 'hold-expired', promisedAtMs: null };
  const causes = { promised: delay, held: delay, lapsed: (): ReservationCause => 'lapse-over' };
  const cause = existing === null ? 'waited-long-enough' : causes[existing.state]();
  return { id, kind: 'held', cause, promisedAtMs: null };
}

/**
 * Would the promise hold if everything had ended when it declared? Then something is late; otherwise there is less than there was. What is late may have
 * been given time to stop, and ends after the promise and within that time.
 */
function causeOfDelay(snapshot: Snapshot, owner: ReservationOwner, promisedAtMs: number | null): ReservationCause {
  const { nowMs, policy } = snapshot;
  const isDue = promisedAtMs !== null && promisedAtMs <= nowMs;
  const lateUntilMs = isDue ? nowMs + policy.stopGraceSeconds * 1000 : nowMs;
  const onTime = snapshot.running.filter(({ endsAtMs }) => endsAtMs === null || endsAtMs > lateUntilMs);
  if (onTime.length === snapshot.running.length) return 'capacity-lost';
  const allocations = onTime.map(({ resources, count, endsAtMs }) => ({
    amounts: toRow(resources).map((amount) => amount * count),
    endsAtMs,
  }));
  const request = toRow(snapshot.waiting[owner.shape]!.request);
  const fitsAtMs = earliestFit(snapshot, allocations, request);
  const wouldHold = fitsAtMs !== null && (promisedAtMs === null || fitsAtMs <= Math.max(promisedAtMs, snapshot.nowMs));
  return wouldHold ? 'runtime-overdue' : 'capacity-lost';
}

/** Why a reservation ends before planning: its owner waits no more or could never start, or the policy or a cordon forbids it; otherwise `null`. */
export function reasonToWithdraw(snapshot: Snapshot, existing: OwnedReservation): ReservationCause | null {
  if (snapshot.isCordoned) return 'cordoned';
  if (snapshot.policy.reserveAfterSeconds === null) return 'policy';
  if (shapeOf(snapshot, existing) < 0) return 'no-longer-waiting';
  return exceedsCapacity(snapshot, existing) ? 'too-large' : null;
}

/** Index of the shape of a reservation; -1: nothing of that shape waits. */
export function shapeOf({ waiting }: Snapshot, reservation: OwnedReservation): number {
  return waiting.findIndex((shape) => shape.count > 0 && isSameShape(shape, reservation));
}

/** The promised time of a reservation, if it has one. */
export function promiseOf(reservation: OwnedReservation | null): number | null {
  return reservation?.state === 'promised' ? reservation.untilMs : null;
}
