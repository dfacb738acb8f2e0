import { nextStopMs } from './nominations.js';
import type { SolvedPlan } from './solved-plan.js';
import { allStarts, startWhatFits } from './starting.js';
import { StepBudget } from '../solver/step-budget.js';
import { toCertificate } from './certificate.js';
import type { OwnedReservation } from '../reservation.js';
import type { Proof } from '../proof.js';
import { planWithReservations } from './reservations.js';
import { slicesOf } from './slices.js';
import { MOST_SHAPES, type Plan, type PlanOptions, type ReservationEvent, type Snapshot } from '../types.js';
import { gatherAfterMs } from './reservation-owner.js';
import { preemptionsOf } from './victims.js';

/**
 * Decides which waiting deployments start now: from the highest priority down the most at each level, then the highest utilization, then the oldest
 * (by the policy, at each level the highest utilization first, then the most); which running deployments are preempted for them, where the policy allows it; and which deployment has the cluster's reservation.
 *
 * Pure and deterministic: the same snapshot, in any order, gives the same plan. Never more than the capacity that running deployments leave;
 * where they hold more than there is, nothing starts. Takes milliseconds for thousands of shapes; the policy's steps limit the search, and the
 * certificate says how good the plan is.
 */
export function plan(snapshot: Snapshot, options: PlanOptions = {}): Plan {
  const budget = new StepBudget(snapshot.policy.searchSteps, options);
  const slices = slicesOf(snapshot.waiting, options.mostShapes ?? MOST_SHAPES);
  const { solved, reservation, events, wakeAtMs } = planWithReservations(snapshot, slices, budget);
  const { place, nominations, later } = startWhatFits(snapshot, solved);
  const preempt = preemptionsOf(snapshot, solved.part.victims, allStarts(solved));
  const stopMs = nominations.length === 0 ? Infinity : nextStopMs(snapshot, solved.part.victims);
  const followedMs = isFollowed(snapshot, { place, preempt }, reservation) ? snapshot.nowMs : Infinity;
  const nextMs = Math.min(wakeAtMs ?? Infinity, stopMs, followedMs);
  return {
    place,
    preempt,
    reservations: reservation === null ? nominations : [...nominations, reservation],
    gatherAfterMs: gatherAfterMs(snapshot, reservation),
    reservationEvents: events.map((event) => (isLater(event, later) ? { ...event, kind: 'nominated' } : event)),
    wakeAtMs: nextMs === Infinity ? null : nextMs,
    certificate: toCertificate(snapshot, solved, reservation, budget),
    proof: options.withProof === true ? toProof(solved, later) : null,
  };
}

/**
 * Whether another plan has to follow at once, because it knows more: that victims wait again, for deployments which may be preempted later;
 * and, beside a reservation, which of the deployments that start now may be preempted for its owner.
 */
function isFollowed(
  { policy }: Snapshot,
  { place, preempt }: Pick<Plan, 'place' | 'preempt'>,
  reservation: OwnedReservation | null,
): boolean {
  if (policy.preemption === 'never') return false;
  return preempt.length > 0 || (reservation !== null && place.length > 0);
}

/** Whether the owner of a reservation that is due has to wait for victims to stop. */
function isLater({ id, kind }: ReservationEvent, later: ReadonlySet<string>): boolean {
  return kind === 'started' && later.has(id);
}

function toProof({ part, due }: SolvedPlan, later: ReadonlySet<string>): Proof {
  const forced = due.filter(({ id }) => later.has(id)).map(({ shape }) => shape);
  return {
    ...(forced.length > 0 ? { due: forced } : {}),
    levels: part.solution.proofs,
    utilization: part.utilization.multipliers,
  };
}
