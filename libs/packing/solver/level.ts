import { type Box, openClasses, sumLevel } from './box.js';
import { type Estimate, evaluate, type Frame, type Prices } from './bound.js';
import { evaluateExactly, EXACT_OPERATIONS, floorUnits } from './exact.js';
import type { LinearProgram } from './linear-program.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import { perturbation } from './random.js';
import { type Relaxation, relax, toPrices } from './relaxation.js';
import { Simplex } from './simplex.js';

/** What the linear program says of a level. */
export interface RootBound {
  readonly level: number;
  readonly prices: Prices;
  readonly estimate: Estimate;
  /** The level can reach no more than this. */
  readonly most: number;
  readonly gains: Float64Array;
  /** The fractional optimum, for all classes. */
  readonly point: Float64Array;
}

/** Size of the disturbance that keeps ties from stalling the simplex method; bounds never see it. */
const DISTURBANCE = 1e-6;

/** Solves the level's linear program and turns its multipliers into a bound that holds whatever went wrong on the way. */
export function boundLevel(frame: Frame, budget: StepBudget): RootBound {
  budget.charge(frame.program.classes * 40);
  const relaxation = relax(frame, false);
  const { lp, classes } = relaxation;
  const simplex = new Simplex(lp, budget);
  const { program } = frame;
  const isCounted = (column: number): number => {
    const index = classes[column]!;
    return program.level[index] === frame.level ? program.weight[index]! / relaxation.unit : 0;
  };
  setCosts(lp, (column) => isCounted(column) + DISTURBANCE * perturbation(classes[column]!));
  let outcome = simplex.solve();
  if (outcome === 'optimal') {
    setCosts(lp, isCounted);
    simplex.reprice();
    outcome = simplex.solve();
  }
  const usable = outcome === 'optimal' || outcome === 'cut' ? simplex.duals : new Float64Array(lp.rows);
  const prices = toPrices(frame, relaxation, usable, relaxation.unit);
  const gains = new Float64Array(program.classes);
  if (program.stages[frame.level] === 'placed') closeLevels(frame, prices, evaluate(frame, prices, 'level', gains));
  const estimate = evaluate(frame, prices, 'level', gains);
  return {
    level: frame.level,
    prices,
    estimate,
    most: floorBound(frame, prices, estimate, budget),
    gains,
    point: pointOf(program, frame.box, relaxation, simplex),
  };
}

/**
 * Closes the levels above that have no more than what is sure to start there, by prices so high that nothing more could ever pay for itself.
 * With nothing left to buy there such a price costs the bound nothing, and whatever narrows by it sees those classes as fixed.
 * For counts of deployments only: a price above all work would drown in rounding errors what it is added to.
 */
function closeLevels({ program, box, counts, level }: Frame, prices: Prices, bound: Estimate): void {
  const prohibitive = Math.ceil(bound.value + bound.error) + 1;
  for (let above = 0; above < level; above++) {
    const isClosed = sumLevel(program, box.lower, above) === counts[above];
    if (isClosed && openClasses(program, box, above).length > 0) prices.levels[above] = prohibitive;
  }
}

function setCosts(lp: LinearProgram, cost: (column: number) => number): void {
  for (let column = 0; column < lp.columns; column++) lp.cost[column] = cost(column);
}

/** The whole number that an estimate certifies; exact arithmetic decides where rounding errors leave two. */
function floorBound(frame: Frame, prices: Prices, estimate: Estimate, budget: StepBudget): number {
  const high = Math.floor(estimate.value + estimate.error);
  if (high === Math.floor(estimate.value - estimate.error)) return high;
  budget.charge(frame.program.classes * EXACT_OPERATIONS);
  return floorUnits(evaluateExactly(frame, prices, 'level'));
}

/** Values of all classes at the simplex method's present point: open ones from it, others where they are fixed. */
export function pointOf(program: Program, box: Box, relaxation: Relaxation, simplex: Simplex): Float64Array {
  const point = box.lower.slice();
  point.fill(0, program.start[relaxation.levelRows.length]);
  relaxation.classes.forEach((index, column) => {
    point[index] = box.lower[index]! + simplex.value(column);
  });
  return point;
}
