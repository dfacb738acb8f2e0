import { nextStopMs } from './claims.js';
import { type Draft, isDecidedBy } from './draft.js';
import { allStarts, decidedLevels, startWhatFits } from './starting.js';
import { Meter } from '../solver/meter.js';
import { toRow } from '../rows.js';
import type { Proof } from '../proof.js';
import { planWithReservations } from './reservations.js';
import { holdingsOf } from './timeline.js';
import type {
  Certificate,
  KeptCertificate,
  LevelCertificate,
  Plan,
  PlanOptions,
  ReservationEvent,
  Snapshot,
} from '../types.js';
import { preemptionsOf } from './victims.js';

/**
 * Decides which waiting deployments start now: from the highest priority down the most at each level, then the highest utilization, then the oldest;
 * what is given up for them, where the policy allows it; and who has the cluster's reservation, so that nobody waits for ever.
 *
 * Pure and deterministic: the same snapshot, in any order, gives the same plan. Never more than the capacity that running deployments leave;
 * where they hold more than there is, nothing starts. Takes milliseconds for thousands of shapes; the policy's steps limit the search, and the
 * certificate says what the plan is worth.
 */
export function plan(snapshot: Snapshot, options: PlanOptions = {}): Plan {
  const meter = new Meter(snapshot.policy.searchSteps, options.shouldStop);
  const { draft, reservation, events, wakeAtMs } = planWithReservations(snapshot, meter);
  const { place, claims, later } = startWhatFits(snapshot, draft);
  const preempt = preemptionsOf(snapshot, draft.victims, allStarts(draft));
  const stopMs = claims.length === 0 ? Infinity : nextStopMs(snapshot, draft.victims);
  const followedMs = isFollowed(snapshot, { place, preempt, reservation }) ? snapshot.nowMs : Infinity;
  const nextMs = Math.min(wakeAtMs ?? Infinity, stopMs, followedMs);
  return {
    place,
    preempt,
    claims,
    reservation,
    reservationEvents: events.map((event) => (isLater(event, later) ? { ...event, kind: 'claimed' } : event)),
    wakeAtMs: nextMs === Infinity ? null : nextMs,
    certificate: toCertificate(snapshot, draft, meter),
    proof: options.withProof === true ? toProof(draft, later) : null,
  };
}

/**
 * Whether another plan has to follow at once, because it knows what this one cannot say: that what is given up waits again, for others who may
 * be given up later; and, beside a reservation, who of those that start now may be given up for it.
 */
function isFollowed(
  { policy }: Snapshot,
  { place, preempt, reservation }: Pick<Plan, 'place' | 'preempt' | 'reservation'>,
): boolean {
  if (policy.preemption === 'never') return false;
  return preempt.length > 0 || (reservation !== null && place.length > 0);
}

/** Whether somebody whose reservation is due has to wait for others to stop. */
function isLater({ id, kind }: ReservationEvent, later: ReadonlySet<string>): boolean {
  return kind === 'started' && later.has(id);
}

function toCertificate(snapshot: Snapshot, draft: Draft, meter: Meter): Certificate {
  const levels = toLevels(snapshot, draft);
  const last = draft.parts.at(-1)?.part.utilization ?? { value: 0, upperBound: 0 };
  const value = sharesInUse(snapshot, draft);
  return {
    optimal: levels.every(
      ({ placed, upperBound, kept }) => placed === upperBound && (kept === undefined || kept.work === kept.upperBound),
    ),
    stopped: meter.stopped,
    steps: meter.steps,
    levels,
    utilization: { value, upperBound: value + Math.max(0, last.upperBound - last.value) },
  };
}

/** What was reached at each priority: what stays there, and what starts. */
function toLevels(snapshot: Snapshot, draft: Draft): LevelCertificate[] {
  const levels: LevelCertificate[] = [];
  for (const { part, level, priority } of decidedLevels(draft)) {
    const [reached, bound] = [part.solution.placed[level]!, part.solution.bounds[level]!];
    const isNew = levels.at(-1)?.priority !== priority;
    const due = draft.due.filter((holder) => isNew && snapshot.waiting[holder.shape]?.priority === priority).length;
    const before = isNew ? { priority, placed: due, upperBound: due } : levels.pop()!;
    if (part.program.stages[level] === 'kept') levels.push({ ...before, kept: toKept(draft, priority, bound) });
    else levels.push({ ...before, placed: before.placed + reached, upperBound: before.upperBound + bound });
  }
  return levels;
}

function toKept({ candidates, victims }: Draft, priority: number, bound: number): KeptCertificate {
  const gone = new Set(victims);
  const all = candidates.filter((candidate) => candidate.priority === priority);
  const stay = all.filter((candidate) => !gone.has(candidate));
  const work = stay.reduce((sum, candidate) => sum + candidate.work, 0);
  return { of: all.length, count: stay.length, work, upperBound: Math.floor(bound / (all.length + 1)) };
}

/** Sum over resources with capacity of used / capacity, after the plan, and after all has stopped that was told to. */
function sharesInUse(snapshot: Snapshot, draft: Draft): number {
  const used = [0, 0, 0];
  const add = (amounts: readonly number[], count: number): void => {
    amounts.forEach((amount, row) => (used[row] = used[row]! + amount * count));
  };
  const stays = snapshot.running.filter(({ isVacating }) => isVacating !== true);
  for (const { amounts } of holdingsOf(stays, snapshot.nowMs)) add(amounts, 1);
  for (const { request } of draft.victims) add(toRow(request), -1);
  snapshot.waiting.forEach((shape, index) => {
    add(toRow(shape.request), draft.started[index]!);
  });
  return toRow(snapshot.capacity).reduce((sum, amount, row) => (amount > 0 ? sum + used[row]! / amount : sum), 0);
}

function toProof({ parts, due }: Draft, later: ReadonlySet<string>): Proof {
  const forced = due.filter(({ id }) => later.has(id)).map(({ shape }) => shape);
  return {
    ...(forced.length > 0 ? { due: forced } : {}),
    parts: parts.map((draftPart) => {
      const { program, solution, utilization } = draftPart.part;
      const levels = [...program.priorities.keys()].filter((level) => isDecidedBy(draftPart, level));
      return {
        above: draftPart.above,
        levels: levels.map((level) => solution.proofs[level]!),
        utilization: utilization.multipliers,
      };
    }),
  };
}
