/** A contradiction by less than this (in scaled units) is none: rounding errors alone may cause it. */
const NOTHING = 1e-7;

/**
 * Long-step ratio test: which variable enters, and which ones are flipped to their other bound on the way.
 *
 * Each candidate is a breakpoint of the piecewise linear dual objective. Its slope begins with how far the leaving variable misses its
 * bound, and every breakpoint passed lowers it by |coefficient| times the candidate's range. The candidate at which it stops being positive enters.
 * Whole numbers make slopes of exactly zero common: going on there would find contradictions where there are none.
 */
export class RatioTest {
  private readonly variables: Int32Array;
  private readonly steps: Float64Array;
  private readonly drops: Float64Array;
  private readonly heap: Int32Array;
  private count = 0;
  private open = 0;

  constructor(size: number) {
    this.variables = new Int32Array(size);
    this.steps = new Float64Array(size);
    this.drops = new Float64Array(size);
    this.heap = new Int32Array(size);
  }

  begin(): void {
    this.count = 0;
  }

  /** @param step dual step at which the candidate's reduced cost reaches zero; @param drop what passing it takes off the slope */
  offer(variable: number, step: number, drop: number): void {
    this.variables[this.count] = variable;
    this.steps[this.count] = step;
    this.drops[this.count] = drop;
    this.count++;
  }

  /** The entering variable, or -1: no step is too long, so the row contradicts the bounds. */
  choose(slope: number, alpha: Float64Array): number {
    this.open = this.count;
    for (let index = 0; index < this.count; index++) this.heap[index] = index;
    for (let index = (this.open >> 1) - 1; index >= 0; index--) this.sift(index);
    let remaining = slope;
    while (this.open > 0) {
      const candidate = this.heap[0]!;
      remaining -= this.drops[candidate]!;
      const isLast = this.open === 1 && remaining <= NOTHING;
      if (remaining <= slope * 1e-12 || isLast) return this.takeSteepest(candidate, alpha);
      this.removeFirst();
    }
    return -1;
  }

  /** Visits what was passed before the chosen one. */
  forEachPassed(visit: (variable: number) => void): void {
    for (let index = this.open; index < this.count; index++) {
      visit(this.variables[this.heap[index]!]!);
    }
  }

  /** Among breakpoints that coincide with the one reached, the largest coefficient is the safest pivot. */
  private takeSteepest(candidate: number, alpha: Float64Array): number {
    const limit = this.steps[candidate]! * (1 + 1e-12) + 1e-13;
    let best = candidate;
    for (let index = 0; index < this.open; index++) {
      const other = this.heap[index]!;
      if (this.steps[other]! > limit) continue;
      if (this.coefficient(other, alpha) > this.coefficient(best, alpha)) best = other;
    }
    return this.variables[best]!;
  }

  private coefficient(candidate: number, alpha: Float64Array): number {
    return Math.abs(alpha[this.variables[candidate]!]!);
  }

  /** Removed candidates pile up behind the heap, where `forEachPassed` finds them. */
  private removeFirst(): void {
    this.open--;
    const first = this.heap[0]!;
    this.heap[0] = this.heap[this.open]!;
    this.heap[this.open] = first;
    this.sift(0);
  }

  private comesBefore(a: number, b: number): boolean {
    const difference = this.steps[a]! - this.steps[b]!;
    return difference !== 0 ? difference < 0 : this.variables[a]! < this.variables[b]!;
  }

  private sift(from: number): void {
    let index = from;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.open) return;
      if (child + 1 < this.open && this.comesBefore(this.heap[child + 1]!, this.heap[child]!)) child++;
      const moved = this.heap[child]!;
      const held = this.heap[index]!;
      if (!this.comesBefore(moved, held)) return;
      this.heap[index] = moved;
      this.heap[child] = held;
      index = child;
    }
  }
}
