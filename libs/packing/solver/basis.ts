import type { LinearProgram } from './linear-program.js';

/** Which variables are basic, where the others rest, and the dense inverse of the basis (3 to some tens of rows). */
export class Basis {
  /** Basic variable of each row. */
  readonly variables: Int32Array;
  /** Row of each variable, -1 where it is not basic. */
  readonly rowOf: Int32Array;
  /** 1 where a variable that is not basic rests at its upper bound. */
  readonly atUpper: Uint8Array;
  /** Exchanges since the inverse was computed from scratch. */
  age = 0;
  private readonly inverse: Float64Array;
  private readonly columnBuffer: Float64Array;
  private readonly work: Float64Array;

  /** Begins with all slacks basic. */
  constructor(private readonly lp: LinearProgram) {
    const { rows, columns, size } = lp;
    this.variables = Int32Array.from({ length: rows }, (_, row) => columns + row);
    this.rowOf = new Int32Array(size).fill(-1);
    this.variables.forEach((variable, row) => (this.rowOf[variable] = row));
    this.atUpper = new Uint8Array(size);
    this.inverse = new Float64Array(rows * rows);
    for (let row = 0; row < rows; row++) this.inverse[row * rows + row] = 1;
    this.columnBuffer = new Float64Array(rows);
    this.work = new Float64Array(rows);
  }

  restingValue(variable: number): number {
    return (this.atUpper[variable] === 1 ? this.lp.upper[variable] : this.lp.lower[variable])!;
  }

  /** A row of the inverse; valid until the next exchange. */
  row(row: number): Float64Array {
    return this.inverse.subarray(row * this.lp.rows, (row + 1) * this.lp.rows);
  }

  rowNorm(row: number): number {
    let norm = 0;
    for (const entry of this.row(row)) norm += entry * entry;
    return norm;
  }

  addRow(vector: Float64Array, row: number, factor: number): void {
    this.row(row).forEach((entry, index) => (vector[index] = vector[index]! + factor * entry));
  }

  /** result = inverse times vector. */
  multiply(vector: Float64Array, result: Float64Array): void {
    const { rows } = this.lp;
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let index = 0; index < rows; index++) {
        sum += this.inverse[row * rows + index]! * vector[index]!;
      }
      result[row] = sum;
    }
  }

  /** result -= inverse times vector. */
  subtractProduct(vector: Float64Array, result: Float64Array): void {
    this.multiply(vector, this.work);
    this.work.forEach((entry, row) => (result[row] = result[row]! - entry));
  }

  /** Inverse times a variable's column; valid until the next call. */
  column(variable: number): Float64Array {
    this.work.fill(0);
    this.lp.addColumn(this.work, variable, 1);
    this.multiply(this.work.slice(), this.columnBuffer);
    return this.columnBuffer;
  }

  /** Replaces the basic variable of a row, given `column(entering)`. */
  exchange(row: number, entering: number, column: Float64Array, leavesAtUpper: boolean): void {
    const { rows } = this.lp;
    const leaving = this.variables[row]!;
    const pivot = column[row]!;
    const { inverse } = this;
    const base = row * rows;
    for (let index = 0; index < rows; index++) inverse[base + index] = inverse[base + index]! / pivot;
    for (let other = 0; other < rows; other++) {
      const factor = column[other]!;
      if (other === row || factor === 0) continue;
      for (let index = 0; index < rows; index++) {
        const at = other * rows + index;
        inverse[at] = inverse[at]! - factor * inverse[base + index]!;
      }
    }
    this.rowOf[leaving] = -1;
    this.atUpper[leaving] = leavesAtUpper ? 1 : 0;
    this.rowOf[entering] = row;
    this.variables[row] = entering;
    this.age++;
  }

  /** Computes the inverse from the columns (Gauss-Jordan with row exchanges). A basis that has become singular falls back to all slacks. */
  invert(): void {
    const { rows, columns } = this.lp;
    const matrix = new Float64Array(rows * rows);
    const column = new Float64Array(rows);
    this.variables.forEach((variable, position) => {
      column.fill(0);
      this.lp.addColumn(column, variable, 1);
      for (let row = 0; row < rows; row++) matrix[row * rows + position] = column[row]!;
    });
    this.inverse.fill(0);
    for (let row = 0; row < rows; row++) this.inverse[row * rows + row] = 1;
    this.age = 0;
    if (eliminate(matrix, this.inverse, rows)) return;
    this.inverse.fill(0);
    this.rowOf.fill(-1);
    for (let row = 0; row < rows; row++) {
      this.inverse[row * rows + row] = 1;
      this.variables[row] = columns + row;
      this.rowOf[columns + row] = row;
    }
  }
}

/** Turns `matrix` into the identity and `inverse` along with it; false when it is singular. */
function eliminate(matrix: Float64Array, inverse: Float64Array, rows: number): boolean {
  for (let at = 0; at < rows; at++) {
    let best = at;
    for (let row = at + 1; row < rows; row++) {
      if (Math.abs(matrix[row * rows + at]!) > Math.abs(matrix[best * rows + at]!)) best = row;
    }
    const pivot = matrix[best * rows + at]!;
    if (Math.abs(pivot) < 1e-11) return false;
    for (const target of [matrix, inverse]) {
      for (let index = 0; index < rows; index++) {
        const kept = target[at * rows + index]!;
        target[at * rows + index] = target[best * rows + index]! / pivot;
        if (best !== at) target[best * rows + index] = kept;
      }
    }
    for (let row = 0; row < rows; row++) {
      const factor = matrix[row * rows + at]!;
      if (row === at || factor === 0) continue;
      for (const target of [matrix, inverse]) {
        for (let index = 0; index < rows; index++) {
          const entry = row * rows + index;
          target[entry] = target[entry]! - factor * target[at * rows + index]!;
        }
      }
    }
  }
  return true;
}
