import { topUp, type LevelSolution, solveLevels } from './levels.js';
import type { Meter } from './meter.js';
import { buildProgram, type Constraints, type Demand, type Program } from './program.js';
import type { Multipliers } from './proof.js';
import { exportPrices, noMultipliers } from './proof-writer.js';
import { maximizeUtilization } from './utilization.js';

/** A solved program: how many of each shape start, and how good that is. */
export interface Part {
  readonly program: Program;
  readonly solution: LevelSolution;
  /** By index of the shape. */
  readonly started: Float64Array;
  /** Sum of shares of capacity that starts take, and what it cannot exceed with these counts. */
  readonly utilization: { readonly value: number; readonly upperBound: number; readonly multipliers: Multipliers };
}

/** Decides on some of the waiting shapes: levels first, then utilization, then age. */
export function solvePart(demand: Demand, constraints: Constraints, meter: Meter): Part {
  const program = buildProgram(demand, constraints);
  const solution = solveLevels(program, meter);
  const best = maximizeUtilization(program, solution, meter);
  const { x, prices } = best;
  let { value, upperBound } = best;
  let multipliers = prices === null ? noMultipliers(program.rows) : exportPrices(prices, program.priorities.length);
  if (topUp(program, solution, x)) {
    value = weigh(program, x);
    upperBound = weigh(program, program.counts);
    multipliers = noMultipliers(program.rows);
  }
  return { program, solution, started: spread(demand, program, x), utilization: { value, upperBound, multipliers } };
}

function weigh(program: Program, x: Float64Array): number {
  return x.reduce((sum, count, index) => sum + count * (program.weights[index] as number), 0);
}

/** Spreads the counts of classes over their shapes, oldest first. */
function spread(demand: Demand, program: Program, x: Float64Array): Float64Array {
  const started = new Float64Array(demand.waiting.length);
  program.shapes.forEach((shapes, index) => {
    let left = x[index] as number;
    for (const shape of shapes) {
      const count = Math.min(left, demand.counts[shape] as number);
      started[shape] = count;
      left -= count;
    }
  });
  return started;
}
