import type { Candidate } from './candidates.js';
import { fillRemaining, type LevelSolution, solveLevels } from '../solver/levels.js';
import type { StepBudget } from '../solver/step-budget.js';
import { buildProgram, type Constraints, type Demand } from './build-program.js';
import { isStart, type Program, type Stage } from '../solver/program.js';
import type { Multipliers } from '../proof.js';
import { exportPrices, noMultipliers } from '../solver/proof-writer.js';
import { maximizeUtilization } from '../solver/utilization.js';

/** A solved program: how many of each shape start, the victims, and how good that is. */
export interface Part {
  readonly program: Program;
  readonly solution: LevelSolution;
  /** By index of the shape. */
  readonly started: Float64Array;
  /** How many of each entry of `demand.reserved` are granted, by its index. */
  readonly granted: Float64Array;
  readonly victims: readonly Candidate[];
  /** Sum of shares of capacity that starts take, and what it cannot exceed with these counts. */
  readonly utilization: { readonly value: number; readonly upperBound: number; readonly multipliers: Multipliers };
}

/** Elementary operations that reading and writing each shape or candidate counts. */
const OPERATIONS_PER_ITEM = 300;

/** Decides on some of the waiting shapes: levels first, then utilization, then age. */
export function solvePart(demand: Demand, constraints: Constraints, budget: StepBudget): Part {
  const items = demand.waiting.length + demand.candidates.length + demand.reserved.length;
  budget.charge(items * OPERATIONS_PER_ITEM);
  budget.chargeSort(2 * items);
  const program = buildProgram(demand, constraints);
  const solution = solveLevels(program, budget);
  const best = maximizeUtilization(program, solution, budget);
  const { x, prices } = best;
  let { value, upperBound } = best;
  let multipliers = prices === null ? noMultipliers(program.rows) : exportPrices(prices, program.priorities.length);
  if (fillRemaining(program, solution, x)) {
    value = sumShares(program, x);
    upperBound = sumShares(
      program,
      x.map((count, index) => (isStart(stageOf(program, index)) ? program.counts[index]! : count)),
    );
    multipliers = noMultipliers(program.rows);
  }
  const utilization = { value, upperBound, multipliers };
  return {
    program,
    solution,
    started: spread(program, x, isStart, demand.counts),
    granted: spread(
      program,
      x,
      (stage) => stage === 'reserved',
      demand.reserved.map(({ count }) => count),
    ),
    victims: victimsOf(demand, program, x),
    utilization,
  };
}

function sumShares(program: Program, x: Float64Array): number {
  return x.reduce((sum, count, index) => sum + count * program.shares[index]!, 0);
}

/** Spreads the counts of the classes of some stages over their members, the oldest first. */
function spread(
  program: Program,
  x: Float64Array,
  isMeant: (stage: Stage) => boolean,
  counts: ArrayLike<number>,
): Float64Array {
  const given = new Float64Array(counts.length);
  program.members.forEach((members, index) => {
    if (!isMeant(stageOf(program, index))) return;
    let left = x[index]!;
    for (const member of members) {
      given[member] = Math.min(left, counts[member]!);
      left -= given[member];
    }
  });
  return given;
}

/** Of each class of candidates the first stay, the others go. */
function victimsOf(demand: Demand, program: Program, x: Float64Array): Candidate[] {
  return program.members.flatMap((members, index) =>
    stageOf(program, index) === 'retained' ? members.slice(x[index]).map((member) => demand.candidates[member]!) : [],
  );
}

function stageOf(program: Program, index: number): Stage {
  return program.stages[program.level[index]!]!;
}
