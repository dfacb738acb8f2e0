import { type Draft, isDecidedBy } from './draft.js';
import { Meter } from './meter.js';
import type { Part } from './part.js';
import { toRow } from './program.js';
import type { LevelProof, Proof } from './proof.js';
import { planWithReservations } from './reservations.js';
import { holdingsOf } from './timeline.js';
import type {
  Certificate,
  KeptCertificate,
  LevelCertificate,
  Placement,
  Plan,
  PlanOptions,
  Snapshot,
} from './types.js';
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
  const place = toPlacements(draft);
  return {
    place,
    preempt: preemptionsOf(snapshot, draft.victims, place),
    claims: [],
    reservation,
    reservationEvents: events,
    wakeAtMs,
    certificate: toCertificate(snapshot, draft, meter),
    proof: options.withProof === true ? toProof(draft) : null,
  };
}

/** A level of a draft, with the part that decided it. */
interface DecidedLevel {
  readonly part: Part;
  readonly level: number;
  readonly priority: number;
}

/** Levels of a draft in order. */
function decidedLevels({ parts }: Draft): DecidedLevel[] {
  return parts.flatMap((draftPart) =>
    [...draftPart.part.program.priorities.entries()].flatMap(([level, priority]) =>
      isDecidedBy(draftPart, level) ? [{ part: draftPart.part, level, priority }] : [],
    ),
  );
}

function toPlacements(draft: Draft): Placement[] {
  return decidedLevels(draft).flatMap(({ part: { program }, level }) =>
    program.stages[level] === 'kept'
      ? []
      : program.members.slice(program.start[level], program.start[level + 1]).flatMap((shapes) =>
          shapes.flatMap((shape) => {
            const count = draft.started[shape] as number;
            const includes = draft.due.filter((holder) => holder.shape === shape).map((holder) => holder.id);
            return count > 0 ? [{ shape, count, includes }] : [];
          }),
        ),
  );
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
    const { placed, bounds } = part.solution;
    if (part.program.stages[level] === 'kept') {
      levels.push({ priority, placed: 0, upperBound: 0, kept: toKept(draft, priority, bounds[level] as number) });
      continue;
    }
    const due = draft.due.filter((holder) => snapshot.waiting[holder.shape]?.priority === priority).length;
    const starts = { priority, placed: (placed[level] as number) + due, upperBound: (bounds[level] as number) + due };
    const before = levels.at(-1);
    if (before?.priority === priority) levels.splice(-1, 1, { ...before, ...starts });
    else levels.push(starts);
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

/** Sum over resources with capacity of used / capacity, after the plan. */
function sharesInUse(snapshot: Snapshot, draft: Draft): number {
  const used = [0, 0, 0];
  const add = (amounts: readonly number[], count: number): void => {
    amounts.forEach((amount, row) => (used[row] = (used[row] as number) + amount * count));
  };
  for (const { amounts } of holdingsOf(snapshot.running, snapshot.nowMs)) add(amounts, 1);
  for (const { request } of draft.victims) add(toRow(request), -1);
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
    parts: parts.map((draftPart) => {
      const { program, solution, utilization } = draftPart.part;
      const levels = [...program.priorities.keys()].filter((level) => isDecidedBy(draftPart, level));
      return {
        above: draftPart.above,
        levels: levels.map((level) => solution.proofs[level] as LevelProof),
        utilization: utilization.multipliers,
      };
    }),
  };
}
