import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cases } from '../../../test/support/cases.js';
import { LinearProgram } from './linear-program.js';
import { StepBudget } from './step-budget.js';
import { Simplex } from './simplex.js';

const solverOf = (lp: LinearProgram): Simplex => new Simplex(lp, new StepBudget(1_000));

/** By weak duality no point is better than this, whatever the multipliers; below zero without costs: there is no point. */
function dualBound(lp: LinearProgram, duals: Float64Array, withCost: boolean): number {
  let bound = duals.reduce((sum, dual, row) => sum + dual * (lp.rightHand[row] as number), 0);
  for (let variable = 0; variable < lp.size; variable++) {
    const gain = (withCost ? (lp.cost[variable] as number) : 0) - lp.dot(duals, variable);
    bound += Math.max(gain * (lp.lower[variable] as number), gain * (lp.upper[variable] as number));
  }
  return bound;
}

/** How far the present point misses a bound or a row, at most, and what it is worth. */
function check(lp: LinearProgram, simplex: Simplex): { missed: number; value: number } {
  const left = lp.rightHand.slice();
  let [missed, value] = [0, 0];
  for (let variable = 0; variable < lp.size; variable++) {
    const x = simplex.value(variable);
    lp.addColumn(left, variable, -x);
    missed = Math.max(missed, (lp.lower[variable] as number) - x, x - (lp.upper[variable] as number));
    value += (lp.cost[variable] as number) * x;
  }
  return { missed: Math.max(missed, ...left.map(Math.abs)), value };
}

interface Row {
  readonly limit: number;
  readonly slack: number;
}
interface Column {
  readonly amounts: readonly number[];
  readonly cost: number;
  readonly level: boolean;
  readonly most: number;
}

/** Two rows of capacity and one level row, with the slack of each between zero and `slack`. */
function build(columns: readonly Column[], rows: readonly Row[]): LinearProgram {
  const lp = new LinearProgram(3, 2, columns.length);
  columns.forEach(({ amounts, cost, level, most }, column) => {
    lp.coefficients.set(amounts, column * 2);
    lp.cost[column] = cost;
    lp.levelRow[column] = level ? 2 : -1;
    lp.upper[column] = most;
  });
  rows.forEach(({ limit, slack }, row) => {
    lp.rightHand[row] = limit;
    lp.upper[columns.length + row] = slack;
  });
  return lp;
}

describe('the simplex method', () => {
  it('solves a knapsack with a required count', () => {
    const columns = [
      { amounts: [1, 0], cost: 1, level: true, most: 4 },
      { amounts: [2, 1], cost: 3, level: true, most: 4 },
    ];
    const lp = build(columns, [
      { limit: 5, slack: 5 },
      { limit: 9, slack: 9 },
      { limit: 3, slack: 0 },
    ]);
    const simplex = solverOf(lp);
    expect(simplex.solve()).toBe('optimal');
    expect([simplex.value(0), simplex.value(1)]).toEqual([1, 2]);
  });

  it('continues from the last basis when a bound has changed, and back', () => {
    const lp = build(
      [{ amounts: [1, 1], cost: 1, level: false, most: 9 }],
      [
        { limit: 5, slack: 5 },
        { limit: 7, slack: 7 },
        { limit: 0, slack: 0 },
      ],
    );
    const simplex = solverOf(lp);
    expect([simplex.solve(), simplex.value(0)]).toEqual(['optimal', 5]);
    lp.upper[0] = 2;
    expect([simplex.solve(), simplex.value(0)]).toEqual(['optimal', 2]);
    lp.lower[0] = 6;
    lp.upper[0] = 9;
    expect(simplex.solve()).toBe('infeasible');
    lp.lower[0] = 0;
    expect([simplex.solve(), simplex.value(0)]).toEqual(['optimal', 5]);
  });

  it('finds no contradiction where a row is met exactly', () => {
    const columns = [1, 2, 3].map((amount) => ({ amounts: [amount, 0], cost: 1, level: true, most: 1 }));
    const lp = build(columns, [
      { limit: 6, slack: 6 },
      { limit: 1, slack: 1 },
      { limit: 3, slack: 0 },
    ]);
    expect(solverOf(lp).solve()).toBe('optimal');
  });

  it('ends with multipliers that prove the result, again after bounds have changed', () => {
    const whole = fc.integer({ min: 0, max: 9 });
    const column = fc.record({
      amounts: fc.tuple(whole, whole),
      cost: fc.integer({ min: -5, max: 9 }),
      level: fc.boolean(),
      most: fc.integer({ min: 0, max: 5 }),
    });
    const row = fc.record({ limit: fc.integer({ min: 0, max: 40 }), slack: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(
        fc.array(column, { minLength: 1, maxLength: 12 }),
        fc.array(row, { minLength: 3, maxLength: 3 }),
        fc.array(fc.nat(5), { minLength: 12, maxLength: 12 }),
        (columns, rows, later) => {
          const lp = build(columns, rows);
          const simplex = solverOf(lp);
          const prove = (): void => {
            const outcome = simplex.solve();
            if (outcome === 'infeasible') {
              expect(dualBound(lp, simplex.duals, false)).toBeLessThan(0);
              return;
            }
            expect(outcome).toBe('optimal');
            const { missed, value } = check(lp, simplex);
            expect(missed).toBeLessThan(1e-6);
            expect(dualBound(lp, simplex.duals, true)).toBeCloseTo(value, 5);
          };
          prove();
          columns.forEach((_, index) => (lp.upper[index] = later[index] as number));
          prove();
        },
      ),
      { numRuns: cases(500) },
    );
  });
});
