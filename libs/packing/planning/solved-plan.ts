import { type Candidate, candidatesOf, withoutLower } from './candidates.js';
import { lastStopMs, shapeNominations } from './nominations.js';
import type { Decision, ReservationOwner } from './reservation-owner.js';
import type { StepBudget } from '../solver/step-budget.js';
import { type Part, solvePart } from './part.js';
import { type Beside, type Reserved } from './build-program.js';
import { measureOf, weightOf } from './measure.js';
import { toRow } from '../rows.js';
import { expectEndMs } from './expectation.js';
import { freeAt, type Allocation, allocationOf, allocationsOf, asExpected } from './timeline.js';
import type { Snapshot } from '../types.js';

/** A solved plan, before it is known what of it starts now and what has to wait for victims to stop. */
export interface SolvedPlan {
  readonly part: Part;
  /** Deployments that start because a reservation is due. */
  readonly due: readonly ReservationOwner[];
  /** How many of each shape start, now or when room has been made, those that are due included, by index. */
  readonly started: Float64Array;
  /** How many of these were nominated before. */
  readonly nominated: Float64Array;
  /** Running deployments that may be preempted. */
  readonly candidates: readonly Candidate[];
  /** The slice of each shape, by index. */
  readonly slices: Int32Array;
}

/** What a solved plan sets aside: what is due starts, the owner of a reservation has a time and what it needs then. */
interface SetAside {
  readonly due: readonly ReservationOwner[];
  readonly later: {
    readonly owner: ReservationOwner;
    readonly atMs: number;
    /** Whether what is expected to end by that time does, not only what declares it. */
    readonly isExpected: boolean;
    readonly needed: readonly number[];
  } | null;
}

/** Part of what is left of the budget that a solved plan may spend where another one may follow. */
const SOLUTION_SHARE = 0.5;

/** The best plan beside what earlier passes have set aside. @param isLast whether no other solved plan follows, as far as is known */
export function solveFree(snapshot: Snapshot, slices: Int32Array, budget: StepBudget, isLast: boolean): SolvedPlan {
  budget.begin(isLast ? 1 : SOLUTION_SHARE);
  return solve(snapshot, { candidates: candidatesOf(snapshot), slices }, { due: [], later: null }, budget);
}

/** A solved plan with an owner's reservation kept, and whether the reservation had to be decided again after what higher priorities take. */
export interface ReservedSolution {
  readonly solved: SolvedPlan;
  readonly decision: Decision;
  readonly isOutranked: boolean;
}

/** Plans that are solved for one reservation, at most. */
const MAX_ATTEMPTS = 3;

/**
 * Keeps a reservation: the program sets it aside at its priority, so that higher priorities leave it alone where that costs them nothing, and
 * others make do with what is left. Where they cannot leave it alone, it is decided again beside what they take.
 */
export function solveReserved(
  snapshot: Snapshot,
  free: SolvedPlan,
  { owner, predecessors }: { readonly owner: ReservationOwner; readonly predecessors: readonly ReservationOwner[] },
  choose: (usage: readonly Allocation[]) => Decision,
  budget: StepBudget,
): ReservedSolution {
  const { candidates } = free;
  const due = [...free.due, ...predecessors];
  let usage = usageAgainst(snapshot, owner, { candidates, due }, null);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const decision = choose(usage);
    const isOutranked = attempt > 0;
    if (decision.kind === 'none') return { solved: free, decision, isOutranked };
    const isStart = decision.kind === 'start';
    const isExpected = decision.kind === 'gathering';
    const atMs = timeOf(snapshot, decision);
    const seen = (): readonly Allocation[] => (isExpected ? asExpected(usage, atMs) : usage);
    const needed = neededOf(snapshot, owner, seen(), atMs);
    const later = isStart ? null : { owner, atMs, isExpected, needed };
    const setAside = isStart ? { due: [...due, owner], later } : { due, later };
    budget.begin(SOLUTION_SHARE);
    const solved = solve(snapshot, free, setAside, budget);
    usage = usageAgainst(snapshot, owner, { candidates, due }, solved);
    const isKept = isStart || neededOf(snapshot, owner, seen(), atMs).join() === needed.join();
    if (isKept && grantsAll(snapshot, solved, free, owner)) return { solved, decision, isOutranked };
  }
  return { solved: free, decision: { kind: 'none', againAtMs: Infinity }, isOutranked: true };
}

/** When an owner needs its resources. */
function timeOf({ nowMs }: Snapshot, decision: Exclude<Decision, { kind: 'none' }>): number {
  if (decision.kind === 'start') return nowMs;
  return decision.kind === 'promised' ? decision.atMs : decision.untilMs;
}

/** How much of what an owner asks for is there at a time, beside what comes first. */
function neededOf(
  snapshot: Snapshot,
  { shape }: ReservationOwner,
  usage: readonly Allocation[],
  atMs: number,
): number[] {
  const free = freeAt(snapshot, usage, atMs);
  return toRow(snapshot.waiting[shape]!.request).map((amount, row) => Math.max(0, Math.min(amount, free[row]!)));
}

/**
 * Whether a solved plan grants all that is newly set aside, and all nominations that were granted without it, but those of lower priority: these
 * yield to the owner.
 */
function grantsAll(
  snapshot: Snapshot,
  { part: { granted }, due, nominated }: SolvedPlan,
  free: SolvedPlan,
  owner: ReservationOwner,
): boolean {
  const nominations = nominationsBeside(snapshot, due);
  const lowest = snapshot.waiting[owner.shape]!.priority;
  return (
    granted.subarray(nominations.length).every((count) => count === 1) &&
    nominations.every(
      ({ shape, count, priority }) => priority < lowest || nominated[shape]! >= Math.min(count, free.nominated[shape]!),
    )
  );
}

function solve(
  snapshot: Snapshot,
  { candidates, slices }: Pick<SolvedPlan, 'candidates' | 'slices'>,
  { due, later }: SetAside,
  budget: StepBudget,
): SolvedPlan {
  const { waiting, running, nowMs, isCordoned } = snapshot;
  const nominations = nominationsBeside(snapshot, due);
  const priorityOf = ({ shape }: { shape: number }): number => waiting[shape]!.priority;
  const reserved: Reserved[] = [
    ...nominations,
    ...due.map(({ shape }) => ({ shape, count: 1, priority: priorityOf({ shape }) })),
    ...(later === null
      ? []
      : [{ shape: later.owner.shape, count: 1, priority: priorityOf(later.owner), isLater: true }]),
  ];
  const counts = Float64Array.from(waiting, (shape) => shape.count);
  for (const { shape, count, isLater } of reserved) if (isLater !== true) counts[shape] = counts[shape]! - count;
  const open = new Set(candidates.map(({ group }) => group));
  const fixed = allocationsOf(
    running.filter(({ isTerminating }, index) => isTerminating !== true && !open.has(index)),
    nowMs,
  );
  const limitsAt = (timeMs: number, allocations = fixed): number[] =>
    freeAt(snapshot, allocations, timeMs).map((amount) => Math.max(0, amount));
  const seenBy = ({ atMs, isExpected }: NonNullable<SetAside['later']>): Allocation[] =>
    isExpected ? asExpected(fixed, atMs) : fixed;
  const constraints = {
    capacity: toRow(snapshot.capacity),
    available: isCordoned ? [0, 0, 0] : limitsAt(nowMs),
    beside: later === null ? null : besideOf(snapshot, candidates, later, limitsAt(later.atMs, seenBy(later))),
  };
  const demand = {
    waiting,
    shapes: [...waiting.keys()],
    counts,
    slices,
    candidates,
    reserved,
    weights: weightsOf(snapshot),
  };
  const part = solvePart(demand, constraints, budget);
  const started = part.started.slice();
  const nominated = new Float64Array(waiting.length);
  reserved.forEach(({ shape, isLater }, index) => {
    const count = isLater === true ? 0 : part.granted[index]!;
    started[shape] = started[shape]! + count;
    if (index < nominations.length) nominated[shape] = nominated[shape]! + count;
  });
  return { part, due, started, nominated, candidates, slices };
}

/** What one of each shape counts where utilization is the objective. */
function weightsOf(snapshot: Snapshot): Float64Array | null {
  const { policy, waiting, capacity } = snapshot;
  if (policy.objective !== 'utilization') return null;
  const measure = measureOf(snapshot);
  return Float64Array.from(waiting, ({ request }) => weightOf(measure, request, capacity));
}

/** The limits at the time of a reservation. */
function besideOf(
  snapshot: Snapshot,
  candidates: readonly Candidate[],
  { owner, atMs, isExpected, needed }: NonNullable<SetAside['later']>,
  limits: readonly number[],
): Beside {
  const { priority } = snapshot.waiting[owner.shape]!;
  const startsBy = lastStopMs(snapshot, candidates);
  const lasts = ({ endsAtMs, expectedMs }: Pick<Allocation, 'endsAtMs' | 'expectedMs'>): boolean => {
    const endMs = isExpected ? expectedMs : endsAtMs;
    return endMs === null || endMs > atMs;
  };
  return {
    limits,
    needed,
    applies: (shape) => lasts(allocationOf(shape, 1, startsBy)),
    appliesTo: (candidate) => candidate.priority >= priority && lasts(candidate),
  };
}

/** Nominations, as far as what is due leaves any of their shape. */
function nominationsBeside(snapshot: Snapshot, due: readonly ReservationOwner[]): Reserved[] {
  return shapeNominations(snapshot).flatMap((nomination) => {
    const others =
      snapshot.waiting[nomination.shape]!.count - due.filter(({ shape }) => shape === nomination.shape).length;
    return others > 0 ? [{ ...nomination, count: Math.min(nomination.count, others) }] : [];
  });
}

/**
 * What comes before an owner: what runs and does not yield to it, what is due, nominations of its priority and above; and, once a solved plan has shown what
 * higher priorities take, that.
 */
function usageAgainst(
  snapshot: Snapshot,
  { shape: index }: ReservationOwner,
  { candidates, due }: Pick<SolvedPlan, 'candidates' | 'due'>,
  solved: SolvedPlan | null,
): Allocation[] {
  const { waiting, running, nowMs } = snapshot;
  const { priority } = waiting[index]!;
  const gone = new Set(solved?.part.victims.map(({ group }) => running[group]));
  const stays = withoutLower(running, candidates, priority).filter(
    (group) => group.isTerminating !== true && !gone.has(group),
  );
  const from = lastStopMs(snapshot, candidates);
  // The next plan expects of them what it does of all runs: nothing is known of some, but none runs for ever.
  const starts = (shape: number, count: number): Allocation => {
    const start = allocationOf(waiting[shape]!, count, from);
    return { ...start, expectedMs: start.expectedMs ?? expectEndMs(from, from) };
  };
  const nominations = nominationsBeside(snapshot, due).filter((nomination) => nomination.priority >= priority);
  const above = [...waiting.keys()].filter((shape) => waiting[shape]!.priority > priority);
  return [
    ...allocationsOf(stays, nowMs),
    ...due.map(({ shape }) => starts(shape, 1)),
    ...nominations.map(({ shape, count }) => starts(shape, Math.min(count, solved?.nominated[shape] ?? count))),
    ...(solved === null ? [] : above.map((shape) => starts(shape, solved.part.started[shape]!))),
  ];
}
