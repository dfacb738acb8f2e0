import { type Candidate, candidatesOf } from './candidates.js';
import type { Decision, Holder } from './holder.js';
import type { Meter } from './meter.js';
import { type Part, solvePart } from './part.js';
import { type Beside, toRow } from './program.js';
import { endOf, freeAt, type Holding, holdingOf, holdingsOf } from './timeline.js';
import type { Snapshot, WaitingShape } from './types.js';
import { hasNeedlessVictim } from './victims.js';

/** A plan in the making: parts that were decided one after another, and deployments that start because a reservation is due. */
export interface Draft {
  readonly parts: readonly DraftPart[];
  readonly due: readonly Holder[];
  /** How many of each shape start, those that are due included, by index. */
  readonly started: Float64Array;
  /** What runs and might be given up, and what of it is. */
  readonly candidates: readonly Candidate[];
  readonly victims: readonly Candidate[];
}

/** A part of which only what comes first counts: starts above a priority, and what stays there and at the priority itself (`null`: all of it). */
export interface DraftPart {
  readonly part: Part;
  readonly above: number | null;
}

/** Whether a part with this limit decides on one of its levels. */
export function isDecidedBy({ part: { program }, above }: DraftPart, level: number): boolean {
  const priority = program.priorities[level] as number;
  return above === null || priority > above || (priority === above && program.stages[level] === 'kept');
}

/** The best plan that starts what is due, without a reservation for anything else. */
export function draftFree(snapshot: Snapshot, meter: Meter): Draft {
  return complete({ snapshot, candidates: candidatesOf(snapshot), upper: [], due: [] }, null, meter);
}

/** A draft with a holder's reservation kept, and whether that took something from higher priorities' share first. */
export interface ReservedDraft {
  readonly draft: Draft;
  readonly decision: Decision;
  /** True when the reservation had to be decided again after what higher priorities take. */
  readonly isOutranked: boolean;
}

/**
 * Keeps a reservation against everything of equal or lower priority that waits, and of lower priority that runs and might be given up.
 *
 * 1. With the reservation in force for everybody: if what comes before it (starts of higher priorities, and what runs at its own or a higher one)
 *    gets as much as it would without, that is the plan, and higher priorities leave the reservation alone where they can.
 * 2. Otherwise they come first, as if they ran already; then the reservation is decided again, and binds only the rest.
 */
export function draftReserved(
  snapshot: Snapshot,
  free: Draft,
  holder: Holder,
  choose: (holdings: readonly Holding[]) => Decision,
  meter: Meter,
): ReservedDraft {
  const { priority } = snapshot.waiting[holder.shape] as WaitingShape;
  const given: Given = { snapshot, candidates: free.candidates, upper: [], due: free.due };
  const decision = choose(heldAgainst(given, priority));
  const draft = settle(given, holder, decision, meter);
  if (!isWorseBefore(priority, draft, free) && !hasNeedlessVictim(snapshot, draft)) {
    return { draft, decision, isOutranked: false };
  }
  const later: Given = { ...given, upper: [{ part: (free.parts.at(-1) as DraftPart).part, above: priority }] };
  const again = choose(heldAgainst(later, priority));
  return { draft: settle(later, holder, again, meter), decision: again, isOutranked: true };
}

/** What is given before the last part of a draft is decided. */
interface Given {
  readonly snapshot: Snapshot;
  readonly candidates: readonly Candidate[];
  readonly upper: readonly DraftPart[];
  readonly due: readonly Holder[];
}

function settle(given: Given, holder: Holder, decision: Decision, meter: Meter): Draft {
  if (decision.kind === 'start') return complete({ ...given, due: [...given.due, holder] }, null, meter);
  return complete(given, besideOf(given, holder, decision), meter);
}

/** Decides on everything that the upper parts do not, beside a reservation. */
function complete(given: Given, beside: Beside | null, meter: Meter): Draft {
  const { snapshot, candidates, upper, due } = given;
  const { waiting } = snapshot;
  const floor = upper.at(-1)?.above ?? null;
  const shapes = [...waiting.keys()].filter(
    (shape) => floor === null || (waiting[shape] as WaitingShape).priority <= floor,
  );
  const counts = Float64Array.from(waiting, (shape) => shape.count);
  for (const { shape } of due) counts[shape] = (counts[shape] as number) - 1;
  const held = heldBefore(given);
  const available = freeAt(snapshot, held, snapshot.nowMs).map((amount) =>
    snapshot.isCordoned ? 0 : Math.max(0, amount),
  );
  const constraints = { capacity: toRow(snapshot.capacity), available, beside };
  const part = solvePart({ waiting, shapes, counts, candidates: openCandidates(given) }, constraints, meter);
  const parts = [...upper, { part, above: null }];
  const victims = parts.flatMap(victimsIn);
  return { parts, due, started: countStarted(snapshot, parts, due), candidates, victims };
}

/** What might be given up and is not decided on by the upper parts. */
function openCandidates({ candidates, upper }: Given): Candidate[] {
  const floor = upper.at(-1)?.above ?? null;
  return candidates.filter(({ priority }) => floor === null || priority < floor);
}

/** What a part gives up, as far as it counts. */
function victimsIn({ part, above }: DraftPart): Candidate[] {
  return part.victims.filter(({ priority }) => above === null || priority >= above);
}

/** What is taken before the last part is decided: by what runs and is not open to it, what is due, and the upper parts. */
function heldBefore(given: Given): Holding[] {
  const { snapshot, upper, due } = given;
  const { waiting, nowMs, running } = snapshot;
  const gone = new Set([...openCandidates(given), ...upper.flatMap(victimsIn)].map(({ group }) => group));
  const holdings = holdingsOf(gone.size === 0 ? running : running.filter((_, index) => !gone.has(index)), nowMs);
  for (const { shape } of due) holdings.push(holdingOf(waiting[shape] as WaitingShape, 1, nowMs));
  for (const draftPart of upper) {
    forEachStart(snapshot, draftPart, (shape, count) => {
      holdings.push(holdingOf(waiting[shape] as WaitingShape, count, nowMs));
    });
  }
  return holdings;
}

/** The same for a reservation: what could be given up at its own priority or a higher one stands in its way as if it could not. */
function heldAgainst(given: Given, priority: number): Holding[] {
  return [...heldBefore(given), ...holdingsOfOpen(given, priority)];
}

function holdingsOfOpen(given: Given, lowest: number): Holding[] {
  const { running, nowMs } = given.snapshot;
  const open = openCandidates(given).filter(({ priority }) => priority >= lowest);
  return holdingsOf(
    open.flatMap(({ group }) => running[group] ?? []),
    nowMs,
  );
}

function forEachStart(
  snapshot: Snapshot,
  { part, above }: DraftPart,
  visit: (shape: number, count: number) => void,
): void {
  part.started.forEach((count, shape) => {
    if (count > 0 && (above === null || (snapshot.waiting[shape] as WaitingShape).priority > above))
      visit(shape, count);
  });
}

function countStarted(snapshot: Snapshot, parts: readonly DraftPart[], due: readonly Holder[]): Float64Array {
  const started = new Float64Array(snapshot.waiting.length);
  const add = (shape: number, count: number): void => {
    started[shape] = (started[shape] as number) + count;
  };
  for (const part of parts) forEachStart(snapshot, part, add);
  for (const { shape } of due) add(shape, 1);
  return started;
}

/** Lexicographic comparison of what is decided before the starts of a priority, highest first. */
function isWorseBefore(priority: number, draft: Draft, reference: Draft): boolean {
  const { part } = draft.parts.at(-1) as DraftPart;
  const other = (reference.parts.at(-1) as DraftPart).part;
  for (const level of part.program.priorities.keys()) {
    if (!isDecidedBy({ part, above: priority }, level)) return false;
    const difference = (part.solution.placed[level] as number) - (other.solution.placed[level] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The limits that a reservation sets to the rest: at its time, or, held, to what it does not need. */
function besideOf(given: Given, holder: Holder, decision: Decision): Beside | null {
  const { snapshot } = given;
  const { nowMs } = snapshot;
  const { priority, request } = snapshot.waiting[holder.shape] as WaitingShape;
  const needed = toRow(request);
  const holdings = heldBefore(given);
  if (decision.kind === 'promised') {
    const free = freeAt(snapshot, holdings, decision.atMs);
    const lasts = (endsAtMs: number | null): boolean => endsAtMs === null || endsAtMs > decision.atMs;
    return {
      limits: free.map((amount, row) => Math.max(0, amount - (needed[row] as number))),
      applies: (shape) => lasts(endOf(shape, nowMs)),
      appliesTo: (candidate) => candidate.priority >= priority && lasts(candidate.endsAtMs),
    };
  }
  if (decision.kind !== 'held') return null;
  const all = [...holdings, ...holdingsOfOpen(given, -Infinity)];
  const free = freeAt(snapshot, all, nowMs).map((amount) => Math.max(0, amount));
  return {
    limits: free.map((amount, row) => Math.max(0, amount - (needed[row] as number))),
    applies: (shape, row) =>
      (needed[row] as number) > 0 && ((free[row] as number) >= (needed[row] as number) || shape.priority <= priority),
    appliesTo: () => false,
  };
}
