import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { sumLevel, usage, wholeBox } from './box.js';
import { levelFrame } from './bound.js';
import { boundLevel } from './level.js';
import { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import { roundToCounts } from './rounding.js';
import { searchTarget, type SearchResult } from './search.js';
import { someSnapshot } from '../testing/arbitraries.js';
import { bruteForce } from '../testing/brute-force.js';
import { amounts, aShape, aSnapshot } from '../testing/problems.js';
import { programOf } from '../testing/programs.js';

const budget = (): StepBudget => new StepBudget(1_000);

/** Asks for a point with a count at the last level, and the given counts above it. */
function ask(program: Program, above: readonly number[], target: number, by = budget()): SearchResult {
  const level = above.length;
  const counts = Float64Array.from(program.priorities, (_, at) => above[at] ?? 0);
  const { gains, point, most } = boundLevel(levelFrame(program, wholeBox(program), level, counts), budget());
  counts[level] = target;
  return searchTarget(
    program,
    wholeBox(program),
    { level, counts, most: Math.max(most, target), enough: target, point, gains },
    by,
  );
}

const fits = (program: Program, x: Float64Array): boolean =>
  usage(program, x).every((used, row) => used <= (program.limits[row] as number));

/** Nearly five by linear programming, four in whole deployments: four of the first kind leave no room for anything. */
const coprime = programOf(
  aSnapshot({
    capacity: amounts(44, 5),
    waiting: [
      aShape({ request: amounts(11, 1), count: 4 }),
      aShape({ request: amounts(2, 0) }),
      aShape({ request: amounts(5, 3) }),
    ],
  }),
);

describe('a search', () => {
  it('finds a point with the target count', () => {
    const { x } = ask(coprime, [], 4);
    expect(x).not.toBeNull();
    expect(sumLevel(coprime, x as Float64Array, 0)).toBe(4);
    expect(fits(coprime, x as Float64Array)).toBe(true);
  });

  it('proves that no point has more', () => {
    const { x, refutation } = ask(coprime, [], 6);
    expect(x).toBeNull();
    expect(refutation?.target).toBe(6);
  });

  it('returns nothing without a budget', () => {
    expect(ask(coprime, [], 6, new StepBudget(0))).toEqual({ x: null, refutation: null });
  });

  it('decides every small target correctly', () => {
    fc.assert(
      fc.property(someSnapshot({ shapes: 6, count: 4, largest: 12, levels: 2 }), fc.nat(2), (snapshot, more) => {
        const program = programOf(snapshot);
        const best = bruteForce(snapshot).counts;
        if (best.length === 0) return;
        const level = best.length - 1;
        const target = (best[level] as number) + more;
        const { x, refutation } = ask(program, best.slice(0, level), target);
        expect(x !== null).toBe(more === 0);
        expect(refutation !== null).toBe(more > 0);
        if (x === null) return;
        expect(fits(program, x)).toBe(true);
        expect(best.map((_, at) => sumLevel(program, x, at))).toEqual(best);
      }),
      { numRuns: cases(200) },
    );
  });
});

describe('rounding', () => {
  const effort = { candidates: 32, exchanges: 100, attempts: 1 };
  const round = (count: number, point: number[]): Float64Array | null => {
    const task = {
      program: coprime,
      box: wholeBox(coprime),
      level: 0,
      counts: Float64Array.of(count),
      point: Float64Array.from(point),
      gains: new Float64Array(coprime.classes),
    };
    return roundToCounts(task, effort, budget());
  };

  it('takes a whole point unchanged', () => {
    expect(round(3, [1, 0, 2])).toEqual(Float64Array.of(1, 0, 2));
  });

  it('restores the count where a fraction was cut off, and swaps until capacity is kept', () => {
    const x = round(4, [0, 1, 3.5]);
    expect(x).not.toBeNull();
    expect(sumLevel(coprime, x as Float64Array, 0)).toBe(4);
    expect(fits(coprime, x as Float64Array)).toBe(true);
  });

  it('stops where there is no such point', () => {
    expect(round(6, [1, 1, 4])).toBeNull();
    expect(round(7, [1, 1, 4])).toBeNull();
  });
});
