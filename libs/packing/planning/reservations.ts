import { eligibleAtMs, withoutLower } from './candidates.js';
import { type SolvedPlan, solveFree, solveReserved, type ReservedSolution } from './solved-plan.js';
import {
  type Decision,
  decide,
  eventOf,
  type ReservationOwner,
  type Newcomer,
  reasonToWithdraw,
  promiseOf,
  shapeOf,
  reservationAfter,
} from './reservation-owner.js';
import type { StepBudget } from '../solver/step-budget.js';
import { type OwnedReservation, ownedReservation } from '../reservation.js';
import type { ReservationEvent, Snapshot, WaitingMember, WaitingShape } from '../types.js';
import { exceedsCapacity } from '../rows.js';
import { compareTurns, type Turn } from './reservation-order.js';
import type { Allocation } from './timeline.js';

/** Reservations that one plan may turn into starts; where more are due, another pass follows at once. */
const STARTS_PER_PLAN = 4;

/** Shapes that a plan passes over because nothing can be set aside for them yet; later ones are looked at when these are not due any more. */
const MOST_PASSED_OVER = 64;

/** A plan, what is reserved after it, and what happened to reservations on the way. */
export interface ReservedPlan {
  readonly solved: SolvedPlan;
  readonly reservation: OwnedReservation | null;
  readonly events: readonly ReservationEvent[];
  readonly wakeAtMs: number | null;
}

/**
 * Plans, and ensures that no deployment waits for ever because others are smaller.
 *
 * 1. Without a reservation: what the plan starts anyway needs none.
 * 2. The first in turn of the deployments that have waited long enough and are left out has, or gets, the reservation. Where the snapshot may
 *    not name it, another plan follows at once: that one knows.
 * 3. If it fits now, it starts, and the next in turn is looked at; otherwise its reservation limits the rest.
 * 4. Where neither a promise nor a gathering can be made for it yet, the next in turn is looked at.
 */
export function planWithReservations(snapshot: Snapshot, slices: Int32Array, budget: StepBudget): ReservedPlan {
  const events: ReservationEvent[] = [];
  let solved = solveFree(snapshot, slices, budget, !mayReserve(snapshot));
  let existing = confirm(snapshot, solved, events);
  const passedOver = new Map<number, number>();
  for (let starts = 0; ;) {
    const owner = nextInLine(snapshot, solved, existing, passedOver);
    if (owner === null) return finish(snapshot, solved, existing, events, passedOver);
    const isEnough = starts === STARTS_PER_PLAN || (starts > 0 && !budget.mayContinue());
    if (owner === 'unnamed' || isEnough || needsOwnPlan(snapshot, solved, owner))
      return { ...finish(snapshot, solved, existing, events, passedOver), wakeAtMs: snapshot.nowMs };
    const kept = keep(snapshot, solved, { existing, owner }, passedOver, budget);
    const { decision, isOutranked } = kept.result;
    if (existing !== null && kept.owner.existing === null) events.push(withdrawn(existing, 'higher-priority'));
    const event = eventOf(snapshotFor(snapshot, solved, kept.owner), kept.owner, decision, isOutranked);
    if (event !== null) events.push(event);
    existing = reservationAfter(snapshot, kept.owner, decision);
    solved = kept.result.solved;
    if (decision.kind === 'none') {
      if (passedOver.size === MOST_PASSED_OVER) return finish(snapshot, solved, existing, events, passedOver);
    } else if (decision.kind === 'start') starts++;
    else return finish(snapshot, solved, existing, events, passedOver);
  }
}

/** Whether a reservation exists, or may be given. */
function mayReserve({ policy, nowMs, waiting, reservations, isCordoned }: Snapshot): boolean {
  if (policy.reserveAfterSeconds === null || isCordoned) return false;
  const latest = nowMs - policy.reserveAfterSeconds * 1000;
  return ownedReservation(reservations) !== null || waiting.some(({ oldest }) => oldest.queuedAtMs <= latest);
}

/** Whether an owner that may preempt would come after a start of lower priority: it is then planned for in the next plan. */
function needsOwnPlan({ waiting }: Snapshot, { due, candidates }: SolvedPlan, owner: ReservationOwner): boolean {
  const priorityOf = ({ shape }: ReservationOwner): number => waiting[shape]!.priority;
  return candidates.length > 0 && due.some((other) => priorityOf(other) < priorityOf(owner));
}

/** The snapshot without deployments that the reservation's owner may preempt. */
function snapshotFor(snapshot: Snapshot, { candidates }: SolvedPlan, { shape }: ReservationOwner): Snapshot {
  const { priority } = snapshot.waiting[shape]!;
  const stays = withoutLower(snapshot.running, candidates, priority);
  return { ...snapshot, running: stays.filter(({ isTerminating }) => isTerminating !== true) };
}

/** Keeps the owner's reservation. A new owner that can be given nothing leaves an existing reservation where it is. */
function keep(
  snapshot: Snapshot,
  solved: SolvedPlan,
  { existing, owner }: { readonly existing: OwnedReservation | null; readonly owner: ReservationOwner },
  passedOver: Map<number, number>,
  budget: StepBudget,
): { owner: ReservationOwner; result: ReservedSolution } {
  const choose = (usage: readonly Allocation[]): Decision => decide(snapshot, owner, usage);
  const beside = (predecessors: readonly Newcomer[]): ReservedSolution =>
    solveReserved(snapshot, solved, { owner, predecessors }, choose, budget);
  const predecessors = predecessorsOf(snapshot, solved, owner);
  let result = beside(predecessors);
  if (result.decision.kind === 'none' && owner.existing === null) {
    // Beside all that starts anyway, nothing can be set aside for it: as long as others keep coming, nothing ever could.
    const inTurn = predecessors.filter((one) => comesBefore(snapshot, one, owner));
    if (inTurn.length < predecessors.length) result = beside(inTurn);
  }
  const { decision } = result;
  if (decision.kind === 'none' && owner.existing === null) passedOver.set(owner.shape, decision.againAtMs);
  if (decision.kind !== 'none' || existing === null || owner.existing !== null) return { owner, result };
  return keep(snapshot, solved, { existing, owner: ownerOf(snapshot, existing) }, passedOver, budget);
}

/**
 * Deployments of the owner's priority that start without its reservation and start with it, too. By age, those that are known to have waited longer.
 * By relative wait, all: the order decides which deployment is next, and takes nothing from the plan that finds it left out. On real logs, mean
 * and 95th percentile of waits are lower so (docs/decisions/reservation-order.md). An existing reservation was promised before, and yields to
 * none of its priority.
 */
function predecessorsOf(snapshot: Snapshot, solved: SolvedPlan, owner: ReservationOwner): Newcomer[] {
  if (owner.existing !== null) return [];
  const { policy, waiting } = snapshot;
  const { priority } = waiting[owner.shape]!;
  const due = dueByShape(solved);
  return waiting.flatMap((shape, index): Newcomer[] =>
    shape.priority === priority
      ? startingMembers(solved, shape, index, due.get(index))
          .map((head): Newcomer => ({ ...head, shape: index, existing: null }))
          .filter((starting) => policy.reservationOrder === 'relative-wait' || comesBefore(snapshot, starting, owner))
      : [],
  );
}

/** The oldest of a shape that the solved plan starts beside those that are due or are nominated, as far as the snapshot names them. */
function startingMembers(solved: SolvedPlan, shape: WaitingShape, index: number, due = NONE): WaitingMember[] {
  if (solved.started[index] === solved.nominated[index]) return [];
  return membersBeside(shape, due).slice(solved.nominated[index], solved.started[index]! - due.size);
}

type Ids = ReadonlySet<string>;
const NONE: Ids = new Set();

/** The deployments of each shape that are due. */
function dueByShape({ due }: SolvedPlan): ReadonlyMap<number, Ids> {
  const byShape = new Map<number, Set<string>>();
  for (const { shape, id } of due) byShape.set(shape, (byShape.get(shape) ?? new Set()).add(id));
  return byShape;
}

function membersBeside({ oldest, followers = [] }: WaitingShape, due: Ids): WaitingMember[] {
  return [oldest, ...followers].filter((head) => !due.has(head.id));
}

/** The existing reservation, unless it cannot be kept or is not needed: where all of its shape are nominated, the owner is. */
function confirm(snapshot: Snapshot, solved: SolvedPlan, events: ReservationEvent[]): OwnedReservation | null {
  const reservation = ownedReservation(snapshot.reservations);
  if (reservation === null) return null;
  const cause = reasonToWithdraw(snapshot, reservation);
  if (cause !== null) {
    events.push(withdrawn(reservation, cause));
    return null;
  }
  const shape = shapeOf(snapshot, reservation);
  if (solved.nominated[shape]! < snapshot.waiting[shape]!.count) return reservation;
  const promisedAtMs = promiseOf(reservation);
  events.push({ id: reservation.id, kind: 'nominated', cause: 'fits-now', promisedAtMs });
  return null;
}

function withdrawn({ id }: OwnedReservation, cause: ReservationEvent['cause']): ReservationEvent {
  return { id, kind: 'withdrawn', cause, promisedAtMs: null };
}

/** The existing owner, unless a higher priority has waited long enough as well; otherwise the first in turn. */
function nextInLine(
  snapshot: Snapshot,
  solved: SolvedPlan,
  existing: OwnedReservation | null,
  passedOver: ReadonlyMap<number, number>,
): ReservationOwner | 'unnamed' | null {
  const first = firstEligible(snapshot, solved, passedOver);
  if (existing === null) return first;
  const isOutranked =
    first !== null && first !== 'unnamed' && snapshot.waiting[first.shape]!.priority > existing.priority;
  return isOutranked ? first : ownerOf(snapshot, existing);
}

function ownerOf(snapshot: Snapshot, existing: OwnedReservation): ReservationOwner {
  return { id: existing.id, shape: shapeOf(snapshot, existing), existing };
}

/**
 * The first in turn of those that have waited long enough and are left out; `unnamed` where a deployment that the snapshot does not
 * name may come before it.
 */
function firstEligible(
  snapshot: Snapshot,
  solved: SolvedPlan,
  passedOver: ReadonlyMap<number, number>,
): Newcomer | 'unnamed' | null {
  const { policy, nowMs, isCordoned, waiting } = snapshot;
  if (policy.reserveAfterSeconds === null || isCordoned) return null;
  const latest = nowMs - policy.reserveAfterSeconds * 1000;
  const due = dueByShape(solved);
  let best: Newcomer | null = null;
  let unnamed: Newcomer | null = null;
  for (const [index, shape] of waiting.entries()) {
    if (shape.oldest.queuedAtMs > latest || exceedsCapacity(snapshot, shape) || passedOver.has(index)) continue;
    const head = nextWaiting(snapshot, solved, index, due.get(index));
    const known = head ?? (hasUnnamed(snapshot, solved, index) ? lastNamed(shape) : null);
    if (known === null || known.queuedAtMs > latest) continue;
    const turn: Newcomer = { ...known, shape: index, existing: null };
    if (head === null) unnamed = unnamed === null || comesBefore(snapshot, turn, unnamed) ? turn : unnamed;
    else if (best === null || comesBefore(snapshot, turn, best)) best = turn;
  }
  return unnamed !== null && (best === null || comesBefore(snapshot, unnamed, best)) ? 'unnamed' : best;
}

/**
 * Whether all that the snapshot names of a shape start, and others that it does not name start too or are the next: the next plan names these. As
 * long as none but nominated deployments start, the next plan knows no more than this one.
 */
function hasUnnamed({ waiting }: Snapshot, solved: SolvedPlan, index: number): boolean {
  const { count, followers = [] } = waiting[index]!;
  const [named, started] = [1 + followers.length, solved.started[index]!];
  return named < count && started >= named && started > solved.nominated[index]!;
}

/** The last of a shape that the snapshot names: those that it does not name come after it. */
function lastNamed({ oldest, followers = [] }: WaitingShape): WaitingMember {
  return followers.at(-1) ?? oldest;
}

function comesBefore(snapshot: Snapshot, a: Newcomer, b: Newcomer): boolean {
  const turnOf = ({ id, queuedAtMs, shape }: Newcomer): Turn => {
    return { ...snapshot.waiting[shape]!, id, queuedAtMs };
  };
  return compareTurns(snapshot)(turnOf(a), turnOf(b)) < 0;
}

/** The oldest of a shape that the solved plan leaves waiting, as far as the snapshot names it. */
function nextWaiting(snapshot: Snapshot, solved: SolvedPlan, index: number, due = NONE): WaitingMember | null {
  const shape = snapshot.waiting[index]!;
  const started = solved.started[index]!;
  if (started >= shape.count) return null;
  if (started === 0 && due.size === 0) return shape.oldest;
  return membersBeside(shape, due)[started - due.size] ?? null;
}

function finish(
  snapshot: Snapshot,
  solved: SolvedPlan,
  reservation: OwnedReservation | null,
  events: readonly ReservationEvent[],
  passedOver: ReadonlyMap<number, number>,
): ReservedPlan {
  // A reservation yields to higher priorities alone.
  const lowest = reservation === null ? -Infinity : reservation.priority + 1;
  const later = [...passedOver].filter(([shape]) => snapshot.waiting[shape]!.priority >= lowest);
  const wakeMs = Math.min(nextWake(snapshot, solved, reservation), ...later.map(([, againAtMs]) => againAtMs));
  return { solved, reservation, events, wakeAtMs: wakeMs === Infinity ? null : wakeMs };
}

/**
 * The next time at which waiting alone changes something: a promise is due, a deployment has waited long enough, or what runs has run long enough
 * to be preempted.
 */
function nextWake(snapshot: Snapshot, solved: SolvedPlan, reservation: OwnedReservation | null): number {
  const { policy, nowMs, isCordoned } = snapshot;
  let wake = Infinity;
  if (reservation?.state === 'promised') wake = Math.min(wake, reservation.untilMs);
  if (policy.reserveAfterSeconds !== null && !isCordoned) {
    const due = dueByShape(solved);
    for (const [index, shape] of snapshot.waiting.entries()) {
      if (reservation !== null && shape.priority <= reservation.priority) continue;
      if (exceedsCapacity(snapshot, shape)) continue;
      if (shape.count === solved.started[index]) continue;
      const head = nextWaiting(snapshot, solved, index, due.get(index));
      const eligibleAtMs = (head ?? shape.oldest).queuedAtMs + policy.reserveAfterSeconds * 1000;
      if (eligibleAtMs > nowMs) wake = Math.min(wake, eligibleAtMs);
      // The next in turn, which may have waited long enough, has a name in the next plan.
      else if (head === null && hasUnnamed(snapshot, solved, index)) wake = nowMs;
    }
  }
  return Math.min(wake, nextEligible(snapshot, solved));
}

/** When the next of what runs has run for as long as the policy demands, while something of higher priority waits. */
function nextEligible(snapshot: Snapshot, solved: SolvedPlan): number {
  const { policy, nowMs, isCordoned, running, waiting } = snapshot;
  if (policy.preemption === 'never' || isCordoned) return Infinity;
  const highest = waiting.reduce(
    (most, shape, index) =>
      solved.started[index]! < shape.count && !exceedsCapacity(snapshot, shape) ? Math.max(most, shape.priority) : most,
    -Infinity,
  );
  return running.reduce((soonest, group) => {
    const atMs = eligibleAtMs(snapshot, group);
    return atMs !== null && atMs > nowMs && group.priority < highest ? Math.min(soonest, atMs) : soonest;
  }, Infinity);
}
