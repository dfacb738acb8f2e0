/**
 * Maximize cost x, subject to A x + s = right-hand side, every variable and every slack within its own finite bounds.
 *
 * Columns are mostly implicit: dense in the first `dense` rows (capacity, and work where that is counted), and one coefficient of 1 in at most two
 * others (a level, a group).
 * Variables are numbered columns first, then slacks.
 */
export class LinearProgram {
  readonly size: number;
  readonly coefficients: Float64Array;
  /** Row of the column's level and group; -1 for none. */
  readonly levelRow: Int32Array;
  readonly groupRow: Int32Array;
  readonly cost: Float64Array;
  readonly rightHand: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;

  constructor(
    readonly rows: number,
    readonly dense: number,
    readonly columns: number,
  ) {
    this.size = columns + rows;
    this.coefficients = new Float64Array(columns * dense);
    this.levelRow = new Int32Array(columns).fill(-1);
    this.groupRow = new Int32Array(columns).fill(-1);
    this.cost = new Float64Array(this.size);
    this.rightHand = new Float64Array(rows);
    this.lower = new Float64Array(this.size);
    this.upper = new Float64Array(this.size);
  }

  /** Product of a row vector with a variable's column. */
  dot(vector: Float64Array, variable: number): number {
    if (variable >= this.columns) return vector[variable - this.columns]!;
    let sum = 0;
    const first = variable * this.dense;
    for (let row = 0; row < this.dense; row++) {
      sum += vector[row]! * this.coefficients[first + row]!;
    }
    const level = this.levelRow[variable]!;
    if (level >= 0) sum += vector[level]!;
    const group = this.groupRow[variable]!;
    if (group >= 0) sum += vector[group]!;
    return sum;
  }

  /** Adds `factor` times a variable's column to a column vector. */
  addColumn(vector: Float64Array, variable: number, factor: number): void {
    if (variable >= this.columns) {
      const row = variable - this.columns;
      vector[row] = vector[row]! + factor;
      return;
    }
    const first = variable * this.dense;
    for (let row = 0; row < this.dense; row++) {
      vector[row] = vector[row]! + factor * this.coefficients[first + row]!;
    }
    const level = this.levelRow[variable]!;
    if (level >= 0) vector[level] = vector[level]! + factor;
    const group = this.groupRow[variable]!;
    if (group >= 0) vector[group] = vector[group]! + factor;
  }
}
