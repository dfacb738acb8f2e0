import { describe, expect, it } from '@jest/globals';

import { wholeBox } from './box.js';
import { StepBudget } from './step-budget.js';
import { pruneDominated } from './dominance.js';
import { amounts, aShape } from '../testing/problems.js';
import { programOf } from '../testing/programs.js';
import type { WaitingShape } from '../types.js';

/** Requests that are still open after level `level` was closed, of all levels. */
function leftOpen(waiting: WaitingShape[], level: number): string[] {
  const program = programOf({ waiting, capacity: amounts(100, 100, 100) });
  const box = wholeBox(program);
  pruneDominated(program, box, level, new StepBudget(1_000));
  return [...box.upper.keys()]
    .filter((index) => (box.upper[index] as number) > 0)
    .map((index) => program.amounts.subarray(index * program.rows, (index + 1) * program.rows).join());
}

const shape = (priority: number, request: [number, number, number]): WaitingShape =>
  aShape({ priority, request: amounts(...request), count: 2 });

describe('a level that can start nothing', () => {
  it('prunes its own classes and dominated ones below, but none that is smaller in one resource', () => {
    const above = shape(3, [20, 20, 20]);
    const nothing = [shape(2, [10, 10, 0]), shape(2, [30, 5, 0])];
    const below = [
      [10, 10, 0],
      [10, 11, 7],
      [40, 5, 0],
      [9, 99, 99],
      [29, 9, 0],
      [99, 4, 99],
    ] as const;
    const waiting = [above, ...nothing, ...below.map(([cpu, memory, gpu]) => shape(1, [cpu, memory, gpu]))];
    expect(leftOpen(waiting, 1)).toEqual(['20,20,20', '9,99,99', '29,9,0', '99,4,99']);
  });

  it('ignores classes that could not start anywhere', () => {
    expect(leftOpen([shape(2, [101, 0, 0]), shape(1, [1, 0, 0])], 0)).toEqual(['1,0,0']);
  });

  it('limits comparisons where no class dominates another', () => {
    const steps = Array.from({ length: 100 }, (_, at) => at);
    const nothing = steps.map((at) => shape(2, [at, 99 - at, 0]));
    const below = steps.map((at) => shape(1, [at, 99 - at, 1]));
    expect(leftOpen([...nothing, ...below], 0)).toHaveLength(36 + 36);
  });
});
