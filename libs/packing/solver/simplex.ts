import { Basis } from './basis.js';
import type { LinearProgram } from './linear-program.js';
import type { StepBudget } from './step-budget.js';
import { RatioTest } from './ratio-test.js';

/** How far a bound may be missed before the simplex method acts on it, in scaled units. */
const FEASIBILITY = 1e-7;

/** Pivots after which the inverse is computed anew. */
const PIVOTS_PER_INVERSE = 60;

/** `lost`: numerical trouble or too many pivots; nothing may be concluded. `cut`: the budget has ended; the multipliers are those of the present basis. */
export type Outcome = 'optimal' | 'infeasible' | 'lost' | 'cut';

/**
 * Dual simplex method with boxed variables.
 *
 * As every variable and slack has two finite bounds, any basis becomes dual feasible by putting each nonbasic variable at the end
 * that its reduced cost prefers. So there is no first phase, and after bounds have changed (a branch, or back from one) it just goes on.
 */
export class Simplex {
  /** Multipliers of the rows: of the optimum, or of a contradiction. Verify before relying on them. */
  readonly duals: Float64Array;
  private readonly basis: Basis;
  private readonly reduced: Float64Array;
  private readonly alpha: Float64Array;
  private readonly values: Float64Array;
  private readonly ratioTest: RatioTest;
  private readonly flips: Float64Array;
  /** Variables that can move: open ones, and whatever is basic. Searches fix most of them, and a pivot then costs what is left. */
  private readonly movable: Int32Array;
  private readonly isMovable: Uint8Array;
  private movables = 0;

  constructor(
    private readonly lp: LinearProgram,
    private readonly budget: StepBudget,
  ) {
    this.basis = new Basis(lp);
    this.duals = new Float64Array(lp.rows);
    this.reduced = new Float64Array(lp.size);
    this.alpha = new Float64Array(lp.size);
    this.values = new Float64Array(lp.rows);
    this.flips = new Float64Array(lp.rows);
    this.movable = new Int32Array(lp.size);
    this.isMovable = new Uint8Array(lp.size);
    this.ratioTest = new RatioTest(lp.size);
  }

  /** Goes on from the last basis under the bounds and costs as they are now. */
  solve(mostPivots = 400 + 20 * this.lp.rows): Outcome {
    this.restart();
    for (let pivots = 0; pivots < mostPivots; pivots++) {
      const row = this.worstRow();
      if (row < 0) {
        this.computeDuals();
        return 'optimal';
      }
      this.budget.charge(this.movables * (this.lp.dense + 4) * 2 + this.lp.rows * this.lp.rows * 3);
      if (!this.budget.mayBound()) {
        this.computeDuals();
        return 'cut';
      }
      const outcome = this.pivot(row);
      if (outcome === 'infeasible') return outcome;
      if (outcome === 'lost') {
        if (this.basis.age === 0) return 'lost';
        this.restart(true);
      } else if (this.basis.age >= PIVOTS_PER_INVERSE) {
        this.restart(true);
      }
    }
    return 'lost';
  }

  /** Value of a variable in the present basis. */
  value(variable: number): number {
    const row = this.basis.rowOf[variable]!;
    return row >= 0 ? this.values[row]! : this.basis.restingValue(variable);
  }

  /** Tells that costs have changed since the last solve. */
  reprice(): void {
    this.isMovable.fill(0);
  }

  /** Makes everything consistent with bounds and costs as they are now. */
  private restart(anew = false): void {
    if (anew) {
      this.basis.invert();
      this.reprice();
    }
    this.price();
    this.computeValues();
    this.budget.charge(this.lp.size * 6);
  }

  /** Lists what can move. Reduced costs survive a change of bounds, so that only variables that could not move before need theirs. */
  private price(): void {
    const { lp, basis, isMovable } = this;
    this.computeDuals();
    this.movables = 0;
    for (let variable = 0; variable < lp.size; variable++) {
      const isBasic = basis.rowOf[variable]! >= 0;
      if (!isBasic && lp.lower[variable] === lp.upper[variable]) {
        isMovable[variable] = 0;
        continue;
      }
      this.movable[this.movables++] = variable;
      if (isMovable[variable] === 1) continue;
      isMovable[variable] = 1;
      this.budget.charge(lp.dense + 4);
      const gain = isBasic ? 0 : lp.cost[variable]! - lp.dot(this.duals, variable);
      this.reduced[variable] = gain;
      if (gain > 1e-11) basis.atUpper[variable] = 1;
      else if (gain < -1e-11) basis.atUpper[variable] = 0;
    }
  }

  private computeDuals(): void {
    this.duals.fill(0);
    this.basis.variables.forEach((variable, row) => {
      const cost = this.lp.cost[variable]!;
      if (cost !== 0) this.basis.addRow(this.duals, row, cost);
    });
  }

  private computeValues(): void {
    const { lp, basis } = this;
    const left = lp.rightHand.slice();
    for (let variable = 0; variable < lp.size; variable++) {
      if (basis.rowOf[variable]! >= 0) continue;
      const value = basis.restingValue(variable);
      if (value !== 0) lp.addColumn(left, variable, -value);
    }
    basis.multiply(left, this.values);
  }

  /** The row that misses its bounds most, measured by the steepness of its edge; -1 when all are kept. */
  private worstRow(): number {
    let worst = -1;
    let most = 0;
    for (let row = 0; row < this.lp.rows; row++) {
      const miss = Math.abs(this.missOf(row));
      if (miss <= FEASIBILITY) continue;
      const weight = (miss * miss) / this.basis.rowNorm(row);
      if (weight > most) {
        most = weight;
        worst = row;
      }
    }
    return worst;
  }

  /** How far the row's basic variable is above its upper (positive) or below its lower bound (negative). */
  private missOf(row: number): number {
    const variable = this.basis.variables[row]!;
    const value = this.values[row]!;
    const above = value - this.lp.upper[variable]!;
    if (above > 0) return above;
    return Math.min(0, value - this.lp.lower[variable]!);
  }

  private pivot(row: number): 'pivoted' | 'infeasible' | 'lost' {
    const { lp, basis, alpha, reduced } = this;
    const miss = this.missOf(row);
    const sign = miss > 0 ? 1 : -1;
    const rho = basis.row(row);
    this.ratioTest.begin();
    for (let at = 0; at < this.movables; at++) {
      const variable = this.movable[at]!;
      if (basis.rowOf[variable]! >= 0) continue;
      const product = lp.dot(rho, variable);
      alpha[variable] = product;
      const range = lp.upper[variable]! - lp.lower[variable]!;
      if (range === 0) continue;
      const towards = sign * product;
      if (basis.atUpper[variable] === 1 ? towards < -1e-9 : towards > 1e-9) {
        this.ratioTest.offer(variable, Math.abs(reduced[variable]! / product), Math.abs(product) * range);
      }
    }
    const entering = this.ratioTest.choose(Math.abs(miss), alpha);
    if (entering < 0) {
      for (let other = 0; other < lp.rows; other++) this.duals[other] = -sign * rho[other]!;
      return 'infeasible';
    }
    return this.exchange(row, entering, sign) ? 'pivoted' : 'lost';
  }

  /** Flips what the ratio test passed over, brings in `entering`, and updates everything. False when the numbers cannot be trusted. */
  private exchange(row: number, entering: number, sign: number): boolean {
    const { lp, basis, alpha, reduced, values } = this;
    const column = basis.column(entering);
    const pivot = column[row]!;
    if (Math.abs(pivot) < 1e-9 || Math.abs(pivot - alpha[entering]!) > 1e-6 * (1 + Math.abs(pivot))) return false;
    this.flipPassed();
    const leaving = basis.variables[row]!;
    const target = sign > 0 ? lp.upper[leaving]! : lp.lower[leaving]!;
    const change = (values[row]! - target) / pivot;
    const step = -reduced[entering]! / alpha[entering]!;
    const newValue = basis.restingValue(entering) + change;
    for (let other = 0; other < lp.rows; other++) {
      values[other] = values[other]! - change * column[other]!;
    }
    values[row] = newValue;
    for (let at = 0; at < this.movables; at++) {
      const variable = this.movable[at]!;
      if (basis.rowOf[variable]! >= 0) continue;
      reduced[variable] = reduced[variable]! + step * alpha[variable]!;
    }
    reduced[leaving] = step;
    reduced[entering] = 0;
    basis.exchange(row, entering, column, sign > 0);
    return true;
  }

  private flipPassed(): void {
    const { lp, basis, flips } = this;
    flips.fill(0);
    this.ratioTest.forEachPassed((variable) => {
      const range = lp.upper[variable]! - lp.lower[variable]!;
      const isAtUpper = basis.atUpper[variable] === 1;
      lp.addColumn(flips, variable, isAtUpper ? -range : range);
      basis.atUpper[variable] = isAtUpper ? 0 : 1;
    });
    if (flips.some((amount) => amount !== 0)) basis.subtractProduct(flips, this.values);
  }
}
