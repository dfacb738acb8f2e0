import { type Box } from './box.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';

/** Examples that are compared with, at most: more of them only where requests are such that hardly any is smaller than another. */
const MOST_EXAMPLES = 64;

/**
 * Closes what is no smaller than something of which, at a level above, provably nothing can start (or stay): if one of it could start, the smaller one
 * could take its place. So each level that starts nothing leaves less to the next one.
 */
export function pruneDominated(program: Program, box: Box, level: number, budget: StepBudget): void {
  const examples = minimalClasses(program, level, budget);
  for (let index = program.start[level]!; index < program.classes; index++) {
    if (box.upper[index]! > 0 && isDominated(program, index, examples, budget)) box.upper[index] = 0;
  }
}

/** Classes of a level such that each other one is no smaller than one of them. */
function minimalClasses(program: Program, level: number, budget: StepBudget): number[] {
  const smallest: number[] = [];
  const end = program.start[level + 1]!;
  for (let index = program.start[level]!; index < end && smallest.length < MOST_EXAMPLES; index++) {
    if (program.counts[index] === 0) continue;
    if (!isDominated(program, index, smallest, budget)) smallest.push(index);
  }
  return smallest;
}

function isDominated(program: Program, index: number, examples: readonly number[], budget: StepBudget): boolean {
  const { rows, amounts } = program;
  for (const [tried, example] of examples.entries()) {
    let row = 0;
    while (row < rows && amounts[index * rows + row]! >= amounts[example * rows + row]!) row++;
    if (row < rows) continue;
    budget.charge(tried * 2 + 6);
    return true;
  }
  budget.charge(examples.length * 2 + 6);
  return false;
}
