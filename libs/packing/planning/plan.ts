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
import { slicesOf } from './slices.js';
import { allocationsOf } from './timeline.js';
import {
  type Certificate,
  MOST_SHAPES,
  type PreemptionCertificate,
  type LevelCertificate,
  type Plan,
  type PlanOptions,
  type ReservationEvent,
  type SliceCertificate,
  type Snapshot,
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
  const budget = new StepBudget(snapshot.policy.searchSteps, options);
  const slices = slicesOf(snapshot.waiting, options.mostShapes ?? MOST_SHAPES);
  const { draft, reservation, events, wakeAtMs } = planWithReservations(snapshot, slices, budget);
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
  const byPriority = Map.groupBy(program.priorities.keys(), (level) => program.priorities[level]!);
  return Array.from(byPriority, ([priority, levels]): LevelCertificate => {
    const retained = levels.filter((level) => program.stages[level] === 'retained');
    const starts = levels.filter((level) => program.stages[level] !== 'retained');
    const slices = starts.filter((level) => program.stages[level] === 'placed').map((level) => toSlice(part, level));
    const isLater = program.rows > 3 && reservation?.priority === priority;
    const others = isLater && starts.some((level) => program.stages[level] === 'reserved') ? 1 : 0;
    const sum = (of: Float64Array): number => starts.reduce((total, level) => total + of[level]!, 0) - others;
    return {
      priority,
      placed: sum(solution.placed),
      upperBound: sum(solution.bounds),
      ...(slices.length > 1 ? { slices } : {}),
      ...(retained.length > 0
        ? { preemption: toPreemptionCertificate(part, candidates, priority, solution.bounds[retained[0]!]!) }
        : {}),
    };
  });
}

function toSlice({ program, solution }: Part, level: number): SliceCertificate {
  const classes = program.members.slice(program.start[level], program.start[level + 1]);
  const shapes = classes.reduce((sum, members) => sum + members.length, 0);
  return { shapes, placed: solution.placed[level]!, upperBound: solution.bounds[level]! };
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
