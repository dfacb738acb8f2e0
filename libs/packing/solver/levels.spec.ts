import { describe, expect, it } from '@jest/globals';

import { wholeBox } from './box.js';
import { levelFrame, tighten } from './bound.js';
import { boundLevel } from './level.js';
import { type LevelSolution, fillRemaining } from './levels.js';
import { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import type { Multipliers } from '../proof.js';
import { amounts, aShape } from '../testing/problems.js';
import { programOf } from '../testing/programs.js';
import type { WaitingShape } from '../types.js';

const shape = (priority: number, request: [number, number], count = 1): WaitingShape =>
  aShape({ priority, request: amounts(...request), count });

describe('filling after a search that was cut short', () => {
  const some: Multipliers = { capacity: [1, 2, 3], sums: [4] };
  const nothing: Multipliers = { capacity: [0, 0, 0], sums: [] };

  function solutionOf(program: Program, placed: number[], x: number[]): LevelSolution {
    const box = wholeBox(program);
    return {
      x: Float64Array.from(x),
      placed: Float64Array.from(placed),
      bounds: Float64Array.from(placed, (count) => count + 1),
      box,
      choice: box,
      proofs: placed.map(() => ({ root: some, refutation: null })),
      provenLevels: placed.length,
    };
  }

  const program = programOf({
    capacity: amounts(10, 10),
    waiting: [shape(3, [6, 1]), shape(2, [2, 2], 3), shape(1, [1, 0], 5), shape(0, [7, 7], 9)],
  });

  it('fills what fits, and discards the bounds of lower levels, which counted on fewer above', () => {
    const x = Float64Array.of(1, 0, 0, 0);
    const solution = solutionOf(program, [1, 0, 0, 0], [1, 0, 0, 0]);
    expect(fillRemaining(program, solution, x)).toBe(true);
    expect([...x]).toEqual([1, 2, 0, 0]);
    expect([...solution.placed]).toEqual([1, 2, 0, 0]);
    expect([...solution.bounds]).toEqual([2, 1, 5, 1]);
    expect(solution.proofs.map(({ root }) => root)).toEqual([some, some, nothing, nothing]);
  });

  it('changes nothing where nothing more fits', () => {
    const x = Float64Array.of(1, 1, 2, 0);
    const solution = solutionOf(program, [1, 1, 2, 0], [1, 1, 2, 0]);
    expect(fillRemaining(program, solution, x)).toBe(false);
    expect([...x]).toEqual([1, 1, 2, 0]);
    expect([...solution.bounds]).toEqual([2, 2, 3, 1]);
    expect(solution.proofs.every(({ root }) => root === some)).toBe(true);
  });
});

describe('a level of which nothing starts', () => {
  it('closes a level of which nothing starts, at no cost for the bounds below', () => {
    const [first, middle, last] = [shape(3, [0, 3]), shape(2, [0, 3], 2), shape(1, [3, 0], 2)];
    const program = programOf({ capacity: amounts(4, 4), waiting: [first, middle, last] });
    const box = wholeBox(program);
    const frame = levelFrame(program, box, 2, Float64Array.of(1, 0, 0));
    const root = boundLevel(frame, new StepBudget(1_000));
    expect(root.most).toBe(1);
    tighten(frame, root.prices, root.estimate, 1, root.gains);
    expect([...box.upper]).toEqual([1, 0, 1]);
  });
});
