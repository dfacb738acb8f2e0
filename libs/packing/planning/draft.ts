import { type Candidate, candidatesOf } from './candidates.js';
import { lastStopMs, standingClaims, type StandingClaim } from './claims.js';
import type { Decision, Holder } from './holder.js';
import type { Meter } from '../solver/meter.js';
import { type Part, solvePart } from './part.js';
import type { Beside } from './build-program.js';
import { toRow } from '../rows.js';
import { endOf, freeAt, type Holding, holdingOf, holdingsOf } from './timeline.js';
import type { Snapshot, WaitingShape } from '../types.js';
import { hasNeedlessVictim } from './victims.js';

/** A plan in the making: parts that were decided one after another, and deployments that start because a reservation is due. */
export interface Draft {
  readonly parts: readonly DraftPart[];
  readonly due: readonly Holder[];
  /** How many of each shape start, now or when room has been made, those that are due included, by index. */
  readonly started: Float64Array;
  /** How many of these had a claim before. */
  readonly claimed: Float64Array;
  /** What runs and might be given up, and what of it is. */
  readonly candidates: readonly Candidate[];
  readonly victims: readonly Candidate[];
}

/**
 * A part of which only what comes first counts: starts above a priority, and what stays, or has a claim, there and at the priority itself
 * (`null`: all of it).
 */
export interface DraftPart {
  readonly part: Part;
  readonly above: number | null;
}

/** Whether a part with this limit decides on one of its levels. */
export function isDecidedBy({ part: { program }, above }: DraftPart, level: number): boolean {
  const priority = program.priorities[level]!;
  return above === null || priority > above || (priority === above && program.stages[level] !== 'placed');
}

/** The best plan that starts what is due, without a reservation for anything else. */
export function draftFree(snapshot: Snapshot, meter: Meter): Draft {
  const given = { snapshot, candidates: candidatesOf(snapshot), claims: standingClaims(snapshot), upper: [], due: [] };
  return complete(given, null, meter);
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
  const { priority } = snapshot.waiting[holder.shape]!;
  const { candidates, due } = free;
  const given: Given = { snapshot, candidates, claims: standingClaims(snapshot), upper: [], due };
  const decision = choose(heldAgainst(given, priority));
  const draft = settle(given, holder, decision, meter);
  if (!isWorseBefore(priority, draft, free) && !hasNeedlessVictim(snapshot, draft)) {
    return { draft, decision, isOutranked: false };
  }
  const later: Given = { ...given, upper: [{ part: free.parts.at(-1)!.part, above: priority }] };
  const again = choose(heldAgainst(later, priority));
  return { draft: settle(later, holder, again, meter), decision: again, isOutranked: true };
}

/** What is given before the last part of a draft is decided. */
interface Given {
  readonly snapshot: Snapshot;
  readonly candidates: readonly Candidate[];
  readonly claims: readonly StandingClaim[];
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
  const shapes = [...waiting.keys()].filter((shape) => floor === null || waiting[shape]!.priority <= floor);
  const counts = Float64Array.from(waiting, (shape) => shape.count);
  for (const { shape } of due) counts[shape] = counts[shape]! - 1;
  for (const { shape, count } of claimsBeside(given)) counts[shape] = counts[shape]! - count;
  const held = heldBefore(given);
  const available = freeAt(snapshot, held, snapshot.nowMs).map((amount) =>
    snapshot.isCordoned ? 0 : Math.max(0, amount),
  );
  const constraints = { capacity: toRow(snapshot.capacity), available, beside };
  const demand = { waiting, shapes, counts, candidates: openCandidates(given), claims: openClaims(given) };
  const parts = [...upper, { part: solvePart(demand, constraints, meter), above: null }];
  const victims = parts.flatMap(victimsIn);
  return { parts, due, ...countStarts(snapshot, parts, due), candidates, victims };
}

/** What might be given up and is not decided on by the upper parts. */
function openCandidates({ candidates, upper }: Given): Candidate[] {
  const floor = upper.at(-1)?.above ?? null;
  return candidates.filter(({ priority }) => floor === null || priority < floor);
}

/** Claims, as far as what is due leaves any of their shape. */
function claimsBeside({ snapshot, claims, due }: Given): StandingClaim[] {
  return claims.flatMap((claim) => {
    const { count } = snapshot.waiting[claim.shape]!;
    const others = count - due.filter(({ shape }) => shape === claim.shape).length;
    return others > 0 ? [{ ...claim, count: Math.min(claim.count, others) }] : [];
  });
}

/** Those of them that the upper parts do not decide on. */
function openClaims(given: Given): StandingClaim[] {
  const floor = given.upper.at(-1)?.above ?? null;
  return claimsBeside(given).filter(({ priority }) => floor === null || priority < floor);
}

/** What a part gives up, as far as it counts. */
function victimsIn({ part, above }: DraftPart): Candidate[] {
  return part.victims.filter(({ priority }) => above === null || priority >= above);
}

/**
 * What is taken, once all has stopped that was told to, before the last part is decided: by what runs and is not open to it, what is due, and the
 * upper parts.
 */
function heldBefore(given: Given): Holding[] {
  const { snapshot, upper, due } = given;
  const { waiting, nowMs, running } = snapshot;
  const gone = new Set([...openCandidates(given), ...upper.flatMap(victimsIn)].map(({ group }) => group));
  const stays = running.filter(({ isVacating }, index) => isVacating !== true && !gone.has(index));
  const holdings = holdingsOf(stays, nowMs);
  const from = startsBy(given);
  for (const { shape } of due) holdings.push(holdingOf(waiting[shape]!, 1, from));
  for (const draftPart of upper) {
    forEachStart(snapshot, draftPart, (shape, count) => {
      holdings.push(holdingOf(waiting[shape]!, count, from));
    });
  }
  return holdings;
}

/** The same for a reservation: what could be given up at its own priority or a higher one, and claims there, stand in its way as if they ran. */
function heldAgainst(given: Given, priority: number): Holding[] {
  return [...heldBefore(given), ...holdingsOfOpen(given, priority), ...holdingsOfClaims(given, priority)];
}

function holdingsOfClaims(given: Given, lowest: number): Holding[] {
  const { waiting } = given.snapshot;
  const open = openClaims(given).filter(({ priority }) => priority >= lowest);
  return open.map(({ shape, count }) => holdingOf(waiting[shape]!, count, startsBy(given)));
}

/** When, at the latest, what is decided on here has started. */
function startsBy({ snapshot, candidates }: Given): number {
  return lastStopMs(snapshot, candidates);
}

function holdingsOfOpen(given: Given, lowest: number): Holding[] {
  const { running, nowMs } = given.snapshot;
  const open = openCandidates(given).filter(({ priority }) => priority >= lowest);
  return holdingsOf(
    open.flatMap(({ group }) => running[group] ?? []),
    nowMs,
  );
}

/** Visits what a part starts, as far as it counts; `claimed` of them had a claim before. */
function forEachStart(
  { waiting }: Snapshot,
  { part, above }: DraftPart,
  visit: (shape: number, count: number, claimed: number) => void,
): void {
  waiting.forEach(({ priority }, shape) => {
    const claimed = above === null || priority >= above ? part.claimed[shape]! : 0;
    const others = above === null || priority > above ? part.started[shape]! : 0;
    if (claimed + others > 0) visit(shape, claimed + others, claimed);
  });
}

function countStarts(
  snapshot: Snapshot,
  parts: readonly DraftPart[],
  due: readonly Holder[],
): Pick<Draft, 'started' | 'claimed'> {
  const started = new Float64Array(snapshot.waiting.length);
  const claimed = new Float64Array(snapshot.waiting.length);
  for (const part of parts) {
    forEachStart(snapshot, part, (shape, count, ofThese) => {
      started[shape] = started[shape]! + count;
      claimed[shape] = claimed[shape]! + ofThese;
    });
  }
  for (const { shape } of due) started[shape] = started[shape]! + 1;
  return { started, claimed };
}

/** Lexicographic comparison of what is decided before the starts of a priority, highest first. */
function isWorseBefore(priority: number, draft: Draft, reference: Draft): boolean {
  const { part } = draft.parts.at(-1)!;
  const other = reference.parts.at(-1)!.part;
  for (const level of part.program.priorities.keys()) {
    if (!isDecidedBy({ part, above: priority }, level)) return false;
    const difference = part.solution.placed[level]! - other.solution.placed[level]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** The limits that a reservation sets to the rest: at its time, or, held, to what it does not need. */
function besideOf(given: Given, holder: Holder, decision: Decision): Beside | null {
  const { snapshot } = given;
  const { nowMs } = snapshot;
  const { priority, request } = snapshot.waiting[holder.shape]!;
  const needed = toRow(request);
  const holdings = heldBefore(given);
  if (decision.kind === 'promised') {
    const free = freeAt(snapshot, holdings, decision.atMs);
    const lasts = (endsAtMs: number | null): boolean => endsAtMs === null || endsAtMs > decision.atMs;
    return {
      limits: free.map((amount, row) => Math.max(0, amount - needed[row]!)),
      applies: (shape) => lasts(endOf(shape, startsBy(given))),
      appliesTo: (candidate) => candidate.priority >= priority && lasts(candidate.endsAtMs),
      appliesToClaim: (shape) => lasts(endOf(shape, startsBy(given))),
    };
  }
  if (decision.kind !== 'held') return null;
  const all = [...holdings, ...holdingsOfOpen(given, -Infinity), ...holdingsOfClaims(given, priority)];
  const free = freeAt(snapshot, all, nowMs).map((amount) => Math.max(0, amount));
  const applies = (shape: WaitingShape, row: number): boolean =>
    needed[row]! > 0 && (free[row]! >= needed[row]! || shape.priority <= priority);
  return {
    limits: free.map((amount, row) => Math.max(0, amount - needed[row]!)),
    applies,
    appliesTo: () => false,
    appliesToClaim: (shape, row) => shape.priority < priority && applies(shape, row),
  };
}
