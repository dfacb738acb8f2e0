import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { sumLevel, usage, wholeBox } from './box.js';
import { StepBudget } from './step-budget.js';
import { buildProgram } from '../planning/build-program.js';
import type { Program } from './program.js';
import { amounts } from '../testing/problems.js';
import { exchangeRetained } from './retained-exchanges.js';

/** What stays, by size and work, beside nothing else; with a capacity of so much. */
function programOf(runs: readonly { readonly size: number; readonly weight: number }[], capacity: number): Program {
  const candidates = runs.map(({ size, weight }, group) => ({
    group,
    id: `r${group}`,
    priority: 10,
    request: amounts(size),
    endsAtMs: null,
    expectedMs: null,
    sinceMs: group,
    elapsedSeconds: 0,
    lostWork: weight,
    weight,
  }));
  const room = [capacity, 0, 0];
  return buildProgram(
    {
      waiting: [],
      shapes: [],
      counts: new Float64Array(0),
      slices: new Int32Array(0),
      candidates,
      reserved: [],
      weights: null,
    },
    { capacity: room, available: room, beside: null },
  );
}

/** What stays after exchanges, by size, where at first those of the given sizes do. */
function stayingAfter(program: Program, sizes: readonly number[]): number[] {
  const sizeOf = (index: number): number => program.amounts[index * program.rows] as number;
  const classes = Array.from({ length: program.classes }, (_, index) => index);
  const x = Float64Array.from(classes, (index) => (sizes.includes(sizeOf(index)) ? 1 : 0));
  const task = { program, box: wholeBox(program), level: 0, point: x, gains: new Float64Array(program.classes) };
  exchangeRetained(task, x, new StepBudget(1_000));
  return classes.filter((index) => x[index] === 1).map(sizeOf);
}

const someRuns = fc.uniqueArray(
  fc.record({ size: fc.integer({ min: 1, max: 60 }), weight: fc.integer({ min: 1, max: 99 }) }),
  { minLength: 2, maxLength: 12, selector: ({ size }) => size },
);

describe('exchanging what stays', () => {
  it.each<[string, [size: number, weight: number][], number[], number[]]>([
    ['one for another', [[5, 10], [6, 11]], [5], [6]], // prettier-ignore
    ['one for two', [[5, 10], [2, 6], [3, 7]], [5], [2, 3]], // prettier-ignore
    ['two for one', [[5, 10], [2, 4], [3, 5]], [2, 3], [5]], // prettier-ignore
    ['nothing where that does not pay', [[5, 10], [6, 10]], [5], [5]], // prettier-ignore
    ['nothing where that does not fit', [[5, 10], [7, 99]], [5], [5]], // prettier-ignore
  ])('takes %s', (_, runs, before, after) => {
    const program = programOf(runs.map(([size, weight]) => ({ size, weight })), 6); // prettier-ignore
    expect(stayingAfter(program, before)).toEqual(after);
  });

  it('retains no less than before, no more than fits, and ends where no single exchange pays', () => {
    fc.assert(
      fc.property(someRuns, fc.integer({ min: 1, max: 200 }), (runs, capacity) => {
        const program = programOf(runs, capacity);
        const x = new Float64Array(program.classes);
        for (let index = 0; index < program.classes; index++) {
          x[index] = program.counts[index] as number;
          if ((usage(program, x)[0] as number) > capacity) x[index] = 0;
        }
        const before = sumLevel(program, x, 0);
        const gains = Float64Array.from(program.weight);
        exchangeRetained({ program, box: wholeBox(program), level: 0, point: x, gains }, x, new StepBudget(1_000));
        const used = usage(program, x)[0] as number;
        expect(used).toBeLessThanOrEqual(capacity);
        expect(sumLevel(program, x, 0)).toBeGreaterThanOrEqual(before);
        const size = (index: number): number => program.amounts[index * program.rows] as number;
        for (const out of x.keys()) {
          for (const into of x.keys()) {
            if (x[out] !== 1 || x[into] !== 0 || program.counts[into] === 0) continue;
            const pays = (program.weight[into] as number) > (program.weight[out] as number);
            expect(pays && used - size(out) + size(into) <= capacity).toBe(false);
          }
        }
      }),
      { numRuns: cases(300) },
    );
  });
});
