import { describe, expect, it } from '@jest/globals';

import { Basis } from './basis.js';
import { LinearProgram } from './linear-program.js';

/** Columns (2, 1), (4, 2) and (1, 3) in two rows; the second is a multiple of the first. */
function program(): LinearProgram {
  const lp = new LinearProgram(2, 2, 3);
  lp.coefficients.set([2, 1, 4, 2, 1, 3]);
  return lp;
}

/** Row by row: inverse times the columns of the basic variables; the identity, if it is the inverse. */
function product(lp: LinearProgram, basis: Basis): number[][] {
  return [0, 1].map((row) =>
    Array.from(basis.variables, (variable) => Math.round(lp.dot(basis.row(row), variable) * 1e9) / 1e9 + 0),
  );
}

const IDENTITY = [
  [1, 0],
  [0, 1],
];

describe('a basis', () => {
  it('begins with all slacks', () => {
    const basis = new Basis(program());
    expect([...basis.variables]).toEqual([3, 4]);
    expect([...basis.rowOf]).toEqual([-1, -1, -1, 0, 1]);
  });

  it('keeps an inverse through exchanges that equals one computed from scratch', () => {
    const lp = program();
    const basis = new Basis(lp);
    basis.exchange(0, 0, basis.column(0), true);
    basis.exchange(1, 2, basis.column(2), false);
    expect([...basis.variables]).toEqual([0, 2]);
    expect([...basis.atUpper]).toEqual([0, 0, 0, 1, 0]);
    expect(product(lp, basis)).toEqual(IDENTITY);
    const before = [...basis.row(0), ...basis.row(1)];
    basis.invert();
    [...basis.row(0), ...basis.row(1)].forEach((entry, index) => expect(entry).toBeCloseTo(before[index] as number));
    expect(basis.age).toBe(0);
  });

  it('swaps rows where the first has a zero', () => {
    const lp = program();
    const basis = new Basis(lp);
    basis.variables.set([4, 0]);
    basis.invert();
    expect(product(lp, basis)).toEqual(IDENTITY);
  });

  it('resets to slacks when the basis has become singular', () => {
    const lp = program();
    const basis = new Basis(lp);
    basis.variables.set([0, 1]);
    basis.invert();
    expect([...basis.variables]).toEqual([3, 4]);
    expect([...basis.rowOf]).toEqual([-1, -1, -1, 0, 1]);
    expect(product(lp, basis)).toEqual(IDENTITY);
  });
});
