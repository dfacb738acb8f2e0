import type { Draft } from './draft.js';
import { Meter } from './meter.js';
import { toRow } from './program.js';
import type { Proof } from './proof.js';
import { planWithReservations } from './reservations.js';
import { holdingsOf } from './timeline.js';
import type { Certificate, LevelCertificate, Placement, Plan, PlanOptions, Snapshot } from './types.js';

/**
 * Decides which waiting deployments start now: from the highest priority down the most at each level, then the highest utilization, then the oldest;
 * and who has the cluster's reservation, so that nobody waits for ever.
 *
 * Pure and deterministic: the same snapshot, in any order, gives the same plan. Never more than the capacity that running deployments leave;
 * where they hold more than there is, nothing starts. Takes milliseconds for thousands of shapes; the policy's steps limit the search, and the
 * certificate says what the plan is worth.
 */
export function plan(snapshot: Snapshot, options: PlanOptions = {}): Plan {
  const meter = new Meter(snapshot.policy.searchSteps, options.shouldStop);
  const { draft, reservation, events, wakeAtMs } = planWithReservations(snapshot, meter);
  return {
    place: toPlacements(draft),
    preempt: [],
    claims: [],
    reservation,
    reservationEvents: events,
    wakeAtMs,
    certificate: toCertificate(snapshot, draft, meter),
    proof: options.withProof === true ? toProof(draft) : null,
  };
}

/** Levels of a draft in order, with the part that decided each. */
function decidedLevels({ parts }: Draft): { part: Draft['parts'][number]['part']; level: number; priority: number }[] {
  return parts.flatMap(({ part, above }) =>
    part.program.priorities.flatMap((priority, level) =>
      above === null || priority > above ? [{ part, level, priority }] : [],
    ),
  );
}

function toPlacements(draft: Draft): Placement[] {
  return decidedLevels(draft).flatMap(({ part: { program }, level }) =>
    program.shapes.slice(program.start[level], program.start[level + 1]).flatMap((shapes) =>
      shapes.flatMap((shape) => {
        const count = draft.started[shape] as number;
        const includes = draft.due.filter((holder) => holder.shape === shape).map((holder) => holder.id);
        return count > 0 ? [{ shape, count, includes }] : [];
      }),
    ),
  );
}

function toCertificate(snapshot: Snapshot, draft: Draft, meter: Meter): Certificate {
  const dueAt = (priority: number): number =>
    draft.due.filter((holder) => snapshot.waiting[holder.shape]?.priority === priority).length;
  const levels: LevelCertificate[] = decidedLevels(draft).map(({ part: { solution }, level, priority }) => ({
    priority,
    placed: (solution.placed[level] as number) + dueAt(priority),
    upperBound: (solution.bounds[level] as number) + dueAt(priority),
  }));
  const last = draft.parts.at(-1)?.part.utilization ?? { value: 0, upperBound: 0 };
  const value = sharesInUse(snapshot, draft);
  return {
    optimal: levels.every(({ placed, upperBound }) => placed === upperBound),
    stopped: meter.stopped,
    steps: meter.steps,
    levels,
    utilization: { value, upperBound: value + Math.max(0, last.upperBound - last.value) },
  };
}

/** Sum over resources with capacity of used / capacity, after the plan. */
function sharesInUse(snapshot: Snapshot, draft: Draft): number {
  const used = [0, 0, 0];
  const add = (amounts: readonly number[], count: number): void => {
    amounts.forEach((amount, row) => (used[row] = (used[row] as number) + amount * count));
  };
  for (const { amounts } of holdingsOf(snapshot.running, snapshot.nowMs)) add(amounts, 1);
  snapshot.waiting.forEach((shape, index) => {
    add(toRow(shape.request), draft.started[index] as number);
  });
  return toRow(snapshot.capacity).reduce(
    (sum, amount, row) => (amount > 0 ? sum + (used[row] as number) / amount : sum),
    0,
  );
}

function toProof({ parts }: Draft): Proof {
  return {
    parts: parts.map(({ part: { program, solution, utilization }, above }) => ({
      above,
      levels: solution.proofs.filter((_, level) => above === null || (program.priorities[level] as number) > above),
      utilization: utilization.multipliers,
    })),
  };
}
