import { type Box, copyBox, fixAt, fixAtUpper, keepWithin, sumLevel, usage, wholeBox } from './box.js';
import { type Frame, levelFrame, tighten } from './bound.js';
import { addWhatFits, fillLevel } from './fill.js';
import { boundLevel, type RootBound } from './level.js';
import type { StepBudget } from './step-budget.js';
import { pruneDominated } from './dominance.js';
import type { Program } from './program.js';
import type { LevelProof, Refutation } from '../proof.js';
import { exportPrices, noMultipliers } from './proof-writer.js';
import { searchTarget, type SearchResult } from './search.js';

/** Counts for all classes, level by level the most that was found, and what cannot be exceeded. */
export interface LevelSolution {
  readonly x: Float64Array;
  /** What each level reaches: how many start, or the work that stays. */
  readonly placed: Float64Array;
  readonly bounds: Float64Array;
  /** What the proofs of all levels leave open. */
  readonly box: Box;
  /** Where counts are looked for: the same, unless a choice had to be fixed without proof; then only what goes with that choice. */
  choice: Box;
  readonly proofs: LevelProof[];
  /** Levels whose bounds speak of every plan; of those below nothing is nominated, because too little is known of what stays above them. */
  provenLevels: number;
}

/** Part of the remaining budget that the search of one level may spend, so that later levels are not left without. */
const LEVEL_SHARE = 0.5;

/** The same of a level that counts work: where it ends unproven, there is less to look for below. */
const WORK_SHARE = 0.9;

/** Part of that which may be spent where utilization is as near to its bound as this: what is left to gain is not worth a pass's time. */
const NEAR_SHARE = 0.05;
const NEAR = 1e-4;

/** Questions of a level that are asked in any case, so that rounding has its turn. */
const ALWAYS_ASKED = 2;

/** Part of that which may go to finding more, one by one; the rest is for a better bound. */
const CLIMB_SHARE = 0.9;

/**
 * Walks the levels from the highest priority down.
 *
 * 1. What fits whole beside the plan so far starts; nothing needs to be solved for it.
 * 2. Otherwise the linear program bounds the level, given the counts above it but free to choose other classes there.
 * 3. Filling by the program's prices often reaches that bound.
 * 4. Otherwise rounding, then search, look for a plan with exactly as many as the bound; if there is provably none, with one less.
 * 5. What the bound's distance to the count does not pay for is fixed for good, at lower levels too.
 *
 * Candidates that are retained at a level are then fixed one by one.
 */
export function solveLevels(program: Program, budget: StepBudget): LevelSolution {
  const levels = program.priorities.length;
  const box = wholeBox(program);
  const solution: LevelSolution = {
    x: new Float64Array(program.classes),
    placed: new Float64Array(levels),
    bounds: new Float64Array(levels),
    box,
    choice: box,
    proofs: [],
    provenLevels: levels,
  };
  for (let level = 0; level < levels; level++) {
    budget.charge(program.classes * 4);
    if (placeAllIfFits(program, level, solution)) continue;
    if (program.stages[level] !== 'placed') retainContested(program, level, solution, budget);
    else placeContested(program, level, solution, budget);
    if (solution.bounds[level] === 0) for (const one of boxesOf(solution)) pruneDominated(program, one, level, budget);
    if (solution.choice !== solution.box) keepWithin(solution.choice, solution.box);
  }
  return solution;
}

/**
 * Starts, and keeps, whatever still fits: only after a search that was cut short can anything be left that does. What was known of lower levels
 * spoke of fewer deployments here, so that their bounds become "as many as there are".
 * @returns whether anything changed, or nothing can be nominated of some levels
 */
export function fillRemaining(program: Program, solution: LevelSolution, x: Float64Array): boolean {
  const left = usage(program, x).map((used, row) => program.limits[row]! - used);
  let hasChanged = false;
  for (let index = 0; index < program.classes; index++) {
    const more = addWhatFits(program, left, index, program.counts[index]! - x[index]!);
    if (more === 0) continue;
    hasChanged = true;
    const level = program.level[index]!;
    x[index] = x[index]! + more;
    solution.placed[level] = solution.placed[level]! + more * program.weight[index]!;
    solution.provenLevels = Math.min(solution.provenLevels, level + 1);
  }
  for (let level = solution.provenLevels; level < program.priorities.length; level++) {
    solution.bounds[level] = sumLevel(program, program.counts, level);
    solution.proofs[level] = { root: noMultipliers(program.rows), refutation: null };
  }
  return hasChanged || solution.choice !== solution.box;
}

function boxesOf({ box, choice }: LevelSolution): Box[] {
  return choice === box ? [box] : [box, choice];
}

function placeAllIfFits(program: Program, level: number, solution: LevelSolution): boolean {
  const { x, box } = solution;
  const end = program.start[level + 1]!;
  const trial = x.slice();
  for (let index = program.start[level]!; index < end; index++) trial[index] = box.upper[index]!;
  const used = usage(program, trial, end);
  if (used.some((amount, row) => amount > program.limits[row]!)) return false;
  x.set(trial);
  const placed = sumLevel(program, x, level);
  solution.placed[level] = placed;
  solution.bounds[level] = placed;
  for (const one of boxesOf(solution)) fixAtUpper(program, one, level);
  solution.proofs.push({ root: noMultipliers(program.rows), refutation: null });
  return true;
}

function placeContested(program: Program, level: number, solution: LevelSolution, budget: StepBudget): void {
  narrow(contest(program, level, solution, budget, closeGap), solution.placed[level]!);
}

function narrow(contested: readonly Contested[], placed: number): void {
  for (const { frame, root } of contested) tighten(frame, root.prices, root.estimate, placed, root.gains);
}

/** Bounds a level, fills it by its prices, and has `look` look for more, or for a better bound, with its share of the budget. */
function contest(
  program: Program,
  level: number,
  solution: LevelSolution,
  budget: StepBudget,
  look: (program: Program, root: RootBound, solution: LevelSolution, budget: StepBudget) => Refutation | null,
): Contested[] {
  const { x, placed, bounds, box, choice, proofs } = solution;
  const frame = levelFrame(program, choice, level, placed);
  const root = boundLevel(frame, budget);
  placed[level] = fillLevel(program, choice, level, root.prices.capacity, x);
  budget.chargeSort(program.start[level + 1]! - program.start[level]!);
  bounds[level] = root.most;
  budget.allow(program.stages[level] === 'placed' ? LEVEL_SHARE : WORK_SHARE);
  const refutation = look(program, root, solution, budget);
  budget.allow(1);
  proofs.push({ root: exportPrices(root.prices, level), refutation });
  return choice === box ? [{ frame, root }] : [{ frame, root }, boundAll(program, level, solution, budget)];
}

/** A level's linear program, and the frame that it speaks of. */
interface Contested {
  readonly frame: Frame;
  readonly root: RootBound;
}

/** Bounds a level for every plan, where counts were looked for among some only: what was refuted for those says nothing. */
function boundAll(
  program: Program,
  level: number,
  { box, placed, bounds, proofs }: LevelSolution,
  budget: StepBudget,
): Contested {
  const frame = levelFrame(program, box, level, placed);
  const root = boundLevel(frame, budget);
  bounds[level] = root.most;
  proofs[level] = { root: exportPrices(root.prices, level), refutation: null };
  return { frame, root };
}

/**
 * Decides which candidates of a priority are retained (the most work), or which reservations are granted (the most), by branch and bound. Then they are
 * fixed, one by one: no later level may exchange them, nor bargain for them.
 *
 * If the budget ends before that is proven, what starts above is fixed as well, for all that is chosen from then on. Then each of those that go
 * does not fit beside what stays and what starts above, whatever lower levels choose. Bounds below speak of all plans that keep the same.
 */
function retainContested(program: Program, level: number, solution: LevelSolution, budget: StepBudget): void {
  const { x, placed, bounds, box } = solution;
  const look = program.stages[level] === 'filled' ? fillMore : retainMore;
  const contested = contest(program, level, solution, budget, look);
  const isProven = placed[level] === bounds[level];
  if (!isProven) retainWhatFits(program, level, solution);
  narrow(contested, placed[level]!);
  const first = program.start[level]!;
  const isOpenAbove = box.lower.subarray(0, first).some((lower, index) => lower < box.upper[index]!);
  if (!isProven && isOpenAbove && solution.choice === box) solution.choice = copyBox(box);
  fixAt(program, box, x, level, level);
  if (solution.choice !== box) fixAt(program, solution.choice, x, isProven ? level : 0, level);
}

/** One search that goes on from each answer to the next better one: its end shows that there is no better. */
function retainMore(
  program: Program,
  root: RootBound,
  solution: LevelSolution,
  budget: StepBudget,
  enough = root.most,
): Refutation | null {
  const { level } = root;
  const { x, placed, bounds } = solution;
  const reached = placed[level]!;
  if (reached >= enough || !budget.mayContinue()) return null;
  const result = ask(program, root, { target: reached + 1, enough }, solution, budget);
  if (result.x !== null) {
    x.set(result.x);
    placed[level] = sumLevel(program, x, level);
  }
  if (result.refutation !== null) bounds[level] = result.refutation.target - 1;
  return result.refutation;
}

/** The same for utilization, with little of the budget for the last of it: large clusters always leave some ten-thousandths open. */
function fillMore(program: Program, root: RootBound, solution: LevelSolution, budget: StepBudget): Refutation | null {
  const near = Math.ceil(root.most * (1 - NEAR));
  const refutation = retainMore(program, root, solution, budget, near);
  return refutation ?? budget.within(NEAR_SHARE, () => retainMore(program, root, solution, budget));
}

function retainWhatFits(program: Program, level: number, { x, placed }: LevelSolution): void {
  const end = program.start[level + 1]!;
  const left = usage(program, x, end).map((used, row) => program.limits[row]! - used);
  for (let index = program.start[level]!; index < end; index++) {
    const missing = program.counts[index]! - x[index]!;
    x[index] = x[index]! + addWhatFits(program, left, index, missing);
  }
  placed[level] = sumLevel(program, x, level);
}

/**
 * Asks for the bound itself, then for one less: nearly always one of the two is the answer. Then for one more than was found, and ever more;
 * what is left of the budget after that goes to the bound, by halves.
 *
 * An answer raises what is placed, a refutation lowers the bound; where neither came in time the bound stays, and less is asked for.
 */
function closeGap(program: Program, root: RootBound, solution: LevelSolution, budget: StepBudget): Refutation | null {
  const { level } = root;
  const { x, placed, bounds } = solution;
  let refutation: Refutation | null = null;
  let hopeful = root.most;
  for (let asked = 0; hopeful > placed[level]!; asked++) {
    if (asked < ALWAYS_ASKED ? !budget.mayBound() : !budget.mayContinue()) break;
    const reached = placed[level]!;
    const isClimb = asked === 2;
    const further = isClimb ? 1 : 1 + Math.floor((hopeful - reached) / 2);
    const target = asked < 2 ? hopeful : reached + further;
    const task = { target, enough: hopeful };
    const search = (): SearchResult => ask(program, root, task, solution, budget);
    const result = isClimb ? budget.within(CLIMB_SHARE, search) : search();
    if (result.x !== null) {
      x.set(result.x);
      placed[level] = sumLevel(program, x, level);
    }
    if (result.refutation !== null) {
      refutation = result.refutation;
      hopeful = refutation.target - 1;
      bounds[level] = hopeful;
    } else if (result.x === null && !isClimb) hopeful = target - 1;
  }
  return refutation;
}

/** Is a plan with at least `target` at the level possible? What the bound's distance to it does not pay for is fixed meanwhile. */
function ask(
  program: Program,
  root: RootBound,
  { target, enough }: { target: number; enough: number },
  solution: LevelSolution,
  budget: StepBudget,
): SearchResult {
  const { level, point, gains, most } = root;
  const box = copyBox(solution.choice);
  const counts = solution.placed.slice();
  counts[level] = target;
  tighten(levelFrame(program, box, level, counts), root.prices, root.estimate, target, gains);
  return searchTarget(program, box, { level, counts, most, enough, point, gains }, budget);
}
