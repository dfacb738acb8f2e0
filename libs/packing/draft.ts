import type { Decision, Holder } from './holder.js';
import type { Meter } from './meter.js';
import { type Part, solvePart } from './part.js';
import { type Beside, toRow } from './program.js';
import { endOf, freeAt, type Holding, holdingOf, holdingsOf } from './timeline.js';
import type { Snapshot, WaitingShape } from './types.js';

/** A plan in the making: parts that were decided one after another, and deployments that start because a reservation is due. */
export interface Draft {
  readonly parts: readonly DraftPart[];
  readonly due: readonly Holder[];
  /** How many of each shape start, those that are due included, by index. */
  readonly started: Float64Array;
}

/** A part of which only the levels above a priority count (`null`: all of it). */
export interface DraftPart {
  readonly part: Part;
  readonly above: number | null;
}

/** The best plan that starts what is due, without a reservation for anything else. */
export function draftFree(snapshot: Snapshot, due: readonly Holder[], meter: Meter): Draft {
  return complete({ snapshot, upper: [], due }, null, meter);
}

/** A draft with a holder's reservation kept, and whether that took something from higher priorities' share first. */
export interface ReservedDraft {
  readonly draft: Draft;
  readonly decision: Decision;
  /** True when the reservation had to be decided again after what higher priorities take. */
  readonly isOutranked: boolean;
}

/**
 * Keeps a reservation against everything of equal or lower priority.
 *
 * 1. With the reservation in force for everybody: if higher priorities get as many as they would without it, that is the plan,
 *    and they leave alone what they can.
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
  const decision = choose(heldBefore({ snapshot, upper: [], due: free.due }));
  const draft = settle({ snapshot, upper: [], due: free.due }, holder, decision, meter);
  if (!startsFewerAbove(priority, draft, free)) return { draft, decision, isOutranked: false };
  const upper = [{ part: (free.parts.at(-1) as DraftPart).part, above: priority }];
  const later = choose(heldBefore({ snapshot, upper, due: free.due }));
  return {
    draft: settle({ snapshot, upper, due: free.due }, holder, later, meter),
    decision: later,
    isOutranked: true,
  };
}

/** What is given before the last part of a draft is decided. */
interface Given {
  readonly snapshot: Snapshot;
  readonly upper: readonly DraftPart[];
  readonly due: readonly Holder[];
}

function settle(given: Given, holder: Holder, decision: Decision, meter: Meter): Draft {
  if (decision.kind === 'start') return complete({ ...given, due: [...given.due, holder] }, null, meter);
  return complete(given, besideOf(given, holder, decision), meter);
}

/** Decides on everything that the upper parts do not, beside a reservation. */
function complete(given: Given, beside: Beside | null, meter: Meter): Draft {
  const { snapshot, upper, due } = given;
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
  const part = solvePart({ waiting, shapes, counts }, constraints, meter);
  const parts = [...upper, { part, above: null }];
  return { parts, due, started: countStarted(snapshot, parts, due) };
}

/** What is taken before the last part is decided: by what runs, what is due, and the upper parts. */
function heldBefore({ snapshot, upper, due }: Given): Holding[] {
  const { waiting, nowMs } = snapshot;
  const holdings = holdingsOf(snapshot.running, nowMs);
  for (const { shape } of due) holdings.push(holdingOf(waiting[shape] as WaitingShape, 1, nowMs));
  for (const draftPart of upper) {
    forEachStart(snapshot, draftPart, (shape, count) => {
      holdings.push(holdingOf(waiting[shape] as WaitingShape, count, nowMs));
    });
  }
  return holdings;
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

/** Lexicographic comparison of the counts above a priority, highest first. */
function startsFewerAbove(priority: number, draft: Draft, reference: Draft): boolean {
  const { part } = draft.parts.at(-1) as DraftPart;
  const other = (reference.parts.at(-1) as DraftPart).part;
  for (const [level, above] of part.program.priorities.entries()) {
    if (above <= priority) return false;
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
    return {
      limits: free.map((amount, row) => Math.max(0, amount - (needed[row] as number))),
      applies: (shape) => {
        const endsAtMs = endOf(shape, nowMs);
        return endsAtMs === null || endsAtMs > decision.atMs;
      },
    };
  }
  if (decision.kind !== 'held') return null;
  const free = freeAt(snapshot, holdings, nowMs).map((amount) => Math.max(0, amount));
  return {
    limits: free.map((amount, row) => Math.max(0, amount - (needed[row] as number))),
    applies: (shape, row) =>
      (needed[row] as number) > 0 && ((free[row] as number) >= (needed[row] as number) || shape.priority <= priority),
  };
}
