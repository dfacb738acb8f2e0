import { type Box, openClasses, usage } from './box.js';
import { evaluate, levelFrame, type Prices } from './bound.js';
import { pointOf } from './level.js';
import type { LevelSolution } from './levels.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import { perturbation } from './random.js';
import { relax, toPrices } from './relaxation.js';
import { roundToCounts } from './rounding.js';
import { Simplex } from './simplex.js';

/** Classes per level considered for exchanges. */
const CANDIDATES = 60;

/** Largest relative error of the sum of shares that rounding can cause. */
const EPSILON = 2 ** -40;

/** The sum of shares of capacity that starts use, and what it cannot exceed with these counts. */
export interface Utilization {
  readonly x: Float64Array;
  readonly value: number;
  readonly upperBound: number;
  /** Null when the counts leave no choice. */
  readonly prices: Prices | null;
}

/** Among plans with the same counts, looks for more utilization: linear program, rounding, exchanges. Not exact, but says how far off it may be. */
export function maximizeUtilization(program: Program, solution: LevelSolution, budget: StepBudget): Utilization {
  const { choice: box, placed } = solution;
  const value = sumShares(program, solution.x);
  if (program.classes === 0 || box.lower.every((lower, index) => lower === box.upper[index])) {
    return { x: solution.x, value, upperBound: value, prices: null };
  }
  const level = program.priorities.length - 1;
  const frame = levelFrame(program, box, level, placed);
  budget.charge(program.classes * 40);
  const relaxation = relax(frame, true);
  const { lp, classes } = relaxation;
  const unit = classes.reduce((most, index) => Math.max(most, program.shares[index]!), Number.MIN_VALUE);
  for (let column = 0; column < lp.columns; column++) {
    const index = classes[column]!;
    lp.cost[column] = program.shares[index]! / unit + 1e-7 * perturbation(index);
  }
  const simplex = new Simplex(lp, budget);
  const outcome = simplex.solve();
  const duals = outcome === 'optimal' || outcome === 'cut' ? simplex.duals : new Float64Array(lp.rows);
  const prices = toPrices(frame, relaxation, duals, unit);
  const gains = new Float64Array(program.classes);
  const bound = evaluate(frame, prices, 'weights', gains);
  let x: Float64Array = solution.x.slice();
  if (outcome === 'optimal') {
    const point = pointOf(program, box, relaxation, simplex);
    const task = { program, box, level, counts: placed, point, gains };
    const rounded = roundToCounts(task, { candidates: 160, exchanges: 2_000, attempts: 1 }, budget);
    if (rounded !== null && sumShares(program, rounded) > value) x = rounded;
  }
  exchangeForMore(program, box, x, gains, budget);
  const reached = sumShares(program, x);
  return { x, value: reached, upperBound: Math.max(reached, (bound.value + bound.error) * (1 + EPSILON)), prices };
}

function sumShares(program: Program, x: Float64Array): number {
  return x.reduce((sum, count, index) => sum + count * program.shares[index]!, 0);
}

/** Exchanges deployments of one class for as many of another of the same level, as long as that fits and uses more. */
function exchangeForMore(program: Program, box: Box, x: Float64Array, gains: Float64Array, budget: StepBudget): void {
  const left = usage(program, x).map((used, row) => program.limits[row]! - used);
  for (let level = 0; level < program.priorities.length; level++) {
    const byGain = openClasses(program, box, level).sort((a, b) => Math.abs(gains[a]!) - Math.abs(gains[b]!) || a - b);
    const classes = byGain.slice(0, CANDIDATES);
    budget.chargeSort(byGain.length);
    for (const out of classes) {
      budget.charge(classes.length * 8);
      if (!budget.mayContinue()) return;
      for (const into of classes) {
        if (program.shares[into]! <= program.shares[out]!) continue;
        const room = Math.min(x[out]! - box.lower[out]!, box.upper[into]! - x[into]!);
        const times = shift(program, left, { out, into, room });
        x[out] = x[out]! - times;
        x[into] = x[into]! + times;
      }
    }
  }
}

/** How often an exchange fits, at most `room` times; takes it off what is left. */
function shift(
  { rows, amounts }: Program,
  left: Float64Array,
  { out, into, room }: { out: number; into: number; room: number },
): number {
  const more = (row: number): number => amounts[into * rows + row]! - amounts[out * rows + row]!;
  let times = room;
  for (let row = 0; row < rows && times > 0; row++) {
    if (more(row) > 0) times = Math.min(times, Math.floor(left[row]! / more(row)));
  }
  for (let row = 0; row < rows && times > 0; row++) left[row] = left[row]! - times * more(row);
  return times;
}
