import { asExpected, earliestFit, freeAt, type Allocation } from './timeline.js';
import { toRow, exceedsCapacity } from '../rows.js';
import { isSameShape, type OwnedReservation, ownedReservation } from '../reservation.js';
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

/** What can be done for an owner: start it, promise it a time, gather what is expected to be free at a time, or nothing yet. */
export type Decision =
  | { readonly kind: 'start' }
  | { readonly kind: 'promised'; readonly atMs: number }
  | { readonly kind: 'gathering'; readonly sinceMs: number; readonly untilMs: number }
  | { readonly kind: 'none'; readonly againAtMs: number };

/** A gathering begins at a whole second: expected ends move as time passes, and what is looked at again would be so ever sooner. */
const LOOK_EVERY_MS = 1_000;

/** After a gathering, none begins for this many times as long: at most a twentieth of the time is spent gathering. */
const REST_AFTER_GATHERING = 19;

/**
 * The best that runtimes allow. Where declared ends make room, it is promised that time. Otherwise its wait decides: as soon as it has waited for as
 * long as what runs is still expected to take, what that frees is gathered, once and until it starts.
 */
export function decide(snapshot: Snapshot, owner: ReservationOwner, allocations: readonly Allocation[]): Decision {
  const { nowMs } = snapshot;
  const request = toRow(snapshot.waiting[owner.shape]!.request);
  const { existing } = owner;
  const atMs = earliestFit(snapshot, allocations, request);
  if (atMs === nowMs) return { kind: 'start' };
  if (existing?.state === 'gathering') {
    if (!isStillGathered(snapshot, existing, allocations)) return { kind: 'none', againAtMs: Infinity };
    if (atMs !== null && atMs <= existing.untilMs) return { kind: 'promised', atMs };
    return { kind: 'gathering', sinceMs: existing.sinceMs, untilMs: existing.untilMs };
  }
  if (atMs !== null) return { kind: 'promised', atMs };
  const expectedMs = earliestFit(snapshot, asExpectedFrom(nowMs, allocations), request);
  if (expectedMs === null) return { kind: 'none', againAtMs: Infinity };
  const sinceMs = owner.existing === null ? owner.queuedAtMs : owner.existing.sinceMs;
  // Half way between the begin of its wait and the expected time, the one is as long as the other.
  const halfMs = Math.ceil((expectedMs + sinceMs) / 2 / LOOK_EVERY_MS) * LOOK_EVERY_MS;
  const againAtMs = Math.max(snapshot.gatherAfterMs ?? -Infinity, halfMs);
  if (againAtMs <= nowMs) return { kind: 'gathering', sinceMs: nowMs, untilMs: expectedMs };
  return { kind: 'none', againAtMs };
}

/** Whether the owner still fits as soon as all has ended that was expected to when the gathering began. */
function isStillGathered(
  snapshot: Snapshot,
  { request, untilMs }: OwnedReservation,
  allocations: readonly Allocation[],
): boolean {
  const free = freeAt(snapshot, asExpected(allocations, untilMs), untilMs);
  return toRow(request).every((amount, row) => amount === 0 || amount <= free[row]!);
}

/** Allocations with the ends that are expected from now on: what should have ended before may run for ever. */
function asExpectedFrom(nowMs: number, allocations: readonly Allocation[]): Allocation[] {
  const isAhead = ({ expectedMs }: Allocation): boolean => expectedMs !== null && expectedMs > nowMs;
  return allocations.map((one) => ({ ...one, endsAtMs: isAhead(one) ? one.expectedMs : null }));
}

/** When the next gathering may begin, after a plan that leaves this reservation. */
export function gatherAfterMs(snapshot: Snapshot, after: OwnedReservation | null): number | null {
  const before = ownedReservation(snapshot.reservations);
  const earliestMs = snapshot.gatherAfterMs ?? null;
  if (before?.state !== 'gathering') return earliestMs;
  if (after?.state === 'gathering' && after.id === before.id && after.sinceMs === before.sinceMs) return earliestMs;
  return snapshot.nowMs + REST_AFTER_GATHERING * (snapshot.nowMs - before.sinceMs);
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
  if (existing?.state === 'gathering' && existing.untilMs === decision.untilMs) return null;
  const cause = existing === null ? 'waited-long-enough' : delay();
  return { id, kind: 'gathering', cause, promisedAtMs: null };
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
    expectedMs: endsAtMs,
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
