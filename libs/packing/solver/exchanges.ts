import type { Box } from './box.js';
import type { StepBudget } from './step-budget.js';
import type { Program } from './program.js';
import type { FixedRandom } from './random.js';

/**
 * Whole counts whose sums at each level are right, on their way to keeping capacity: each move exchanges one deployment for another of its level.
 *
 * Overuse is measured in mean requests, summed over capacity rows. Only the given candidates move.
 */
export class Exchanges {
  violation = 0;
  private readonly left: Float64Array;
  private readonly scale: Float64Array;
  /** Candidates by level, those that can give one away before `givers[level]`, unordered. */
  private readonly movable: readonly Int32Array[];

  constructor(
    private readonly program: Program,
    private readonly box: Box,
    readonly x: Float64Array,
    used: Float64Array,
    candidates: readonly Int32Array[],
  ) {
    this.left = program.limits.map((limit, row) => limit - used[row]!);
    this.scale = program.limits.map((_, row) => 1 / meanAmount(program, candidates, row));
    this.movable = candidates.filter((classes) => classes.length > 1);
    this.violation = this.violationAfter(-1, -1);
  }

  /** Best single exchange again and again; true when nothing is overused any more. */
  improve(budget: StepBudget): boolean {
    while (this.violation > 0 && budget.mayBound()) {
      let best = this.violation;
      let bestOut = -1;
      let bestInto = -1;
      for (const classes of this.movable) {
        const givers = classes.filter((index) => this.canGive(index));
        const takers = classes.filter((index) => this.canTake(index));
        budget.charge(givers.length * takers.length * 8);
        for (const out of givers) {
          for (const into of takers) {
            const violation = this.violationAfter(out, into);
            if (violation < best - 1e-12 && out !== into) {
              best = violation;
              bestOut = out;
              bestInto = into;
            }
          }
        }
      }
      if (bestOut < 0) return false;
      this.exchange(bestOut, bestInto, best);
    }
    return this.violation <= 0;
  }

  /** Random exchanges, at first even some that make it worse, then ever fewer of those. */
  wander(random: FixedRandom, exchanges: number, budget: StepBudget): boolean {
    const { movable } = this;
    if (movable.length === 0) return false;
    const total = movable.reduce((sum, classes) => sum + classes.length, 0);
    const tolerance = 0.25 * Math.max(1, this.violation);
    budget.charge(exchanges * 16);
    for (let done = 0; done < exchanges; done++) {
      let pick = random.below(total);
      let level = 0;
      while (pick >= movable[level]!.length) pick -= movable[level++]!.length;
      const classes = movable[level]!;
      const into = classes[pick]!;
      if (!this.canTake(into)) continue;
      const out = this.someGiver(classes, random);
      if (out < 0 || out === into) continue;
      const violation = this.violationAfter(out, into);
      if (violation > this.violation + tolerance * (1 - done / exchanges)) continue;
      this.exchange(out, into, violation);
      if (violation === 0) return true;
    }
    return this.improve(budget);
  }

  /** Looks on from a random place: where few of many are taken, picking blindly would nearly always miss. */
  private someGiver(classes: Int32Array, random: FixedRandom): number {
    const start = random.below(classes.length);
    for (let offset = 0; offset < classes.length; offset++) {
      const at = start + offset;
      const index = classes[at < classes.length ? at : at - classes.length]!;
      if (this.canGive(index)) return index;
    }
    return -1;
  }

  private canGive(index: number): boolean {
    return this.x[index]! > this.box.lower[index]!;
  }

  private canTake(index: number): boolean {
    return this.x[index]! < this.box.upper[index]!;
  }

  /** Overuse if one of class `out` were exchanged for one of class `into` (-1: as it is). */
  private violationAfter(out: number, into: number): number {
    const { rows, amounts } = this.program;
    let violation = 0;
    for (let row = 0; row < rows; row++) {
      let left = this.left[row]!;
      if (out >= 0) left += amounts[out * rows + row]! - amounts[into * rows + row]!;
      if (left < 0) violation -= left * this.scale[row]!;
    }
    return violation;
  }

  private exchange(out: number, into: number, violation: number): void {
    const { rows, amounts } = this.program;
    this.violation = violation;
    this.x[out] = this.x[out]! - 1;
    this.x[into] = this.x[into]! + 1;
    for (let row = 0; row < rows; row++) {
      this.left[row] = this.left[row]! + amounts[out * rows + row]! - amounts[into * rows + row]!;
    }
  }
}

function meanAmount(program: Program, candidates: readonly Int32Array[], row: number): number {
  let sum = 0;
  let users = 0;
  for (const classes of candidates) {
    for (const index of classes) sum += program.amounts[index * program.rows + row]!;
    users += classes.length;
  }
  return Math.max(1, sum / Math.max(1, users));
}
