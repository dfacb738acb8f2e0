import { nextStopMs } from './nominations.js';
import type { Draft } from './draft.js';
import { allStarts, startWhatFits } from './starting.js';
import { StepBudget } from '../solver/step-budget.js';
import { toRow } from '../rows.js';
import type { Candidate } from './candidates.js';
import type { Part } from './part.js';
import type { OwnedReservation } from '../reservation.js';
import type { Proof } from '../proof.js';
import { planWithReservations } from './reservations.js';
import { allocationsOf } from './timeline.js';
import type {
  Certificate,
  PreemptionCertificate,
  LevelCertificate,
  Plan,
  PlanOptions,
  ReservationEvent,
  Snapshot,
} from '../types.js';
import { preemptionsOf } from './victims.js';

/**
 * Decides which waiting deployments start now: from the highest priority down the most at each level, then the highest utilization, then the oldest;
 * which running deployments are preempted for them, where the policy allows it; and which deployment has the cluster's reservation.
 *
 * Pure and deterministic: the same snapshot, in any order, gives the same plan. Never more than the capacity that running deployments leave;
 * where they hold more than there is, nothing starts. Takes milliseconds for thousands of shapes; the policy's steps limit the search, and the
 * certificate says how good the plan is.
 */
export function plan(snapshot: Snapshot, options: PlanOptions = {}): Plan {
  const budget = new StepBudget(snapshot.policy.searchSteps, options.shouldStop);
  const { draft, reservation, events, wakeAtMs } = planWithReservations(snapshot, budget);
  const { place, nominations, later } = startWhatFits(snapshot, draft);
  const preempt = preemptionsOf(snapshot, draft.part.victims, allStarts(draft));
  const stopMs = nominations.length === 0 ? Infinity : nextStopMs(snapshot, draft.part.victims);
  const followedMs = isFollowed(snapshot, { place, preempt }, reservation) ? snapshot.nowMs : Infinity;
  const nextMs = Math.min(wakeAtMs ?? Infinity, stopMs, followedMs);
  return {
    place,
    preempt,
    reservations: reservation === null ? nominations : [...nominations, reservation],
    reservationEvents: events.map((event) => (isLater(event, later) ? { ...event, kind: 'nominated' } : event)),
    wakeAtMs: nextMs === Infinity ? null : nextMs,
    certificate: toCertificate(snapshot, draft, reservation, budget),
    proof: options.withProof === true ? toProof(draft, later) : null,
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

function toCertificate(
  snapshot: Snapshot,
  draft: Draft,
  reservation: OwnedReservation | null,
  budget: StepBudget,
): Certificate {
  const levels = toLevels(draft, reservation);
  const last = draft.part.utilization;
  const value = sharesInUse(snapshot, draft);
  return {
    optimal: levels.every(
      ({ placed, upperBound, preemption }) =>
        placed === upperBound && (preemption === undefined || preemption.retainedWork === preemption.upperBound),
    ),
    stopped: budget.stopped,
    steps: budget.steps,
    levels,
    utilization: { value, upperBound: value + Math.max(0, last.upperBound - last.value) },
  };
}

/** What was reached at each priority: what stays there, and what starts. */
function toLevels({ part, candidates }: Draft, reservation: OwnedReservation | null): LevelCertificate[] {
  const { program, solution } = part;
  const levels: LevelCertificate[] = [];
  for (const [level, priority] of program.priorities.entries()) {
    const [reached, bound] = [solution.placed[level]!, solution.bounds[level]!];
    const isNew = levels.at(-1)?.priority !== priority;
    const before = isNew ? { priority, placed: 0, upperBound: 0 } : levels.pop()!;
    if (program.stages[level] === 'retained')
      levels.push({ ...before, preemption: toPreemptionCertificate(part, candidates, priority, bound) });
    else {
      const isLater = program.stages[level] === 'reserved' && reservation?.priority === priority && program.rows > 3;
      const others = isLater ? 1 : 0;
      const { placed, upperBound } = before;
      levels.push({ ...before, placed: placed + reached - others, upperBound: upperBound + bound - others });
    }
  }
  return levels;
}

function toPreemptionCertificate(
  { victims }: Part,
  candidates: readonly Candidate[],
  priority: number,
  bound: number,
): PreemptionCertificate {
  const gone = new Set(victims);
  const all = candidates.filter((candidate) => candidate.priority === priority);
  const stay = all.filter((candidate) => !gone.has(candidate));
  const work = stay.reduce((sum, candidate) => sum + candidate.lostWork, 0);
  return {
    eligibleCount: all.length,
    retainedCount: stay.length,
    retainedWork: work,
    upperBound: Math.floor(bound / (all.length + 1)),
  };
}

/** Sum over resources with capacity of used / capacity, after the plan, when everything terminating has stopped. */
function sharesInUse(snapshot: Snapshot, draft: Draft): number {
  const used = [0, 0, 0];
  const add = (amounts: readonly number[], count: number): void => {
    amounts.forEach((amount, row) => (used[row] = used[row]! + amount * count));
  };
  const stays = snapshot.running.filter(({ isTerminating }) => isTerminating !== true);
  for (const { amounts } of allocationsOf(stays, snapshot.nowMs)) add(amounts, 1);
  for (const { request } of draft.part.victims) add(toRow(request), -1);
  snapshot.waiting.forEach((shape, index) => {
    add(toRow(shape.request), draft.started[index]!);
  });
  return toRow(snapshot.capacity).reduce((sum, amount, row) => (amount > 0 ? sum + used[row]! / amount : sum), 0);
}

function toProof({ part, due }: Draft, later: ReadonlySet<string>): Proof {
  const forced = due.filter(({ id }) => later.has(id)).map(({ shape }) => shape);
  return {
    ...(forced.length > 0 ? { due: forced } : {}),
    levels: part.solution.proofs,
    utilization: part.utilization.multipliers,
  };
}
