import type { Box } from './box.js';
import type { Groups } from './bound.js';
import type { Relaxation } from './relaxation.js';
import type { Simplex } from './simplex.js';

/** A fraction closer to a whole number than this is one. */
const INTEGRALITY = 1e-6;

/** A sum (of a group, or a single class) that a branch can restrict to at most `at`, or at least `at + 1`. */
export interface Split {
  /** Number of the group in the proof. */
  readonly group: number;
  readonly value: number;
  readonly at: number;
  readonly lower: number;
  readonly upper: number;
  restrict(lower: number, upper: number): void;
}

/** Everything that a search can branch on; single classes become groups of one when they are first branched on. */
export class Splits {
  private readonly singles = new Map<number, number>();

  constructor(
    private readonly relaxation: Relaxation,
    private readonly groups: Groups,
    private readonly node: Box,
  ) {}

  /** How many groups of one there are. */
  get count(): number {
    return this.singles.size;
  }

  /** Classes that were branched on, in the order of their group numbers. */
  get singleClasses(): number[] {
    return [...this.singles.keys()];
  }

  /**
   * The sums that are fractional now, most undecided first, up to the limit. Groups only, as long as one is: many classes share a request,
   * and branching on one of them would move the fraction to another of its group.
   */
  fractional(simplex: Simplex, most: number): Split[] {
    const groups: Split[] = [];
    const { lp, firstGroupRow } = this.relaxation;
    for (let group = 0; group < this.groups.lower.length; group++) {
      const value = -simplex.value(lp.columns + firstGroupRow + group);
      if (distanceToWhole(value) > INTEGRALITY) groups.push(this.splitGroup(group, value));
    }
    const splits = groups.length > 0 ? groups : this.fractionalClasses(simplex);
    splits.sort((a, b) => distanceToWhole(b.value) - distanceToWhole(a.value) || a.group - b.group);
    return splits.slice(0, most);
  }

  /** Where every sum is whole as far as floating point can tell: a class that is still open, to be settled either way. */
  undecided(simplex: Simplex): Split[] {
    const { classes } = this.relaxation;
    const column = classes.findIndex((index) => this.node.lower[index]! < this.node.upper[index]!);
    if (column < 0) return [];
    const { lower, upper } = this.relaxation.lp;
    const value = Math.min(Math.max(Math.round(simplex.value(column)), lower[column]!), upper[column]!);
    return [this.splitClass(column, value > lower[column]! ? value - 1 : value)];
  }

  private fractionalClasses(simplex: Simplex): Split[] {
    const splits: Split[] = [];
    for (let column = 0; column < this.relaxation.lp.columns; column++) {
      const value = simplex.value(column);
      if (distanceToWhole(value) > INTEGRALITY) splits.push(this.splitClass(column, value));
    }
    return splits;
  }

  private splitGroup(group: number, value: number): Split {
    const { groups, relaxation } = this;
    const slack = relaxation.lp.columns + relaxation.firstGroupRow + group;
    return {
      group,
      value,
      at: Math.floor(value),
      lower: groups.lower[group]!,
      upper: groups.upper[group]!,
      restrict: (lower, upper) => {
        groups.lower[group] = lower;
        groups.upper[group] = upper;
        relaxation.lp.lower[slack] = -upper;
        relaxation.lp.upper[slack] = -lower;
      },
    };
  }

  private splitClass(column: number, value: number): Split {
    const { node, relaxation } = this;
    const index = relaxation.classes[column]!;
    const group = this.singles.get(index) ?? this.groups.lower.length + this.singles.size;
    this.singles.set(index, group);
    return {
      group,
      value,
      at: Math.floor(value),
      lower: node.lower[index]!,
      upper: node.upper[index]!,
      restrict: (lower, upper) => {
        node.lower[index] = lower;
        node.upper[index] = upper;
        relaxation.lp.lower[column] = lower;
        relaxation.lp.upper[column] = upper;
      },
    };
  }
}

function distanceToWhole(value: number): number {
  return Math.abs(value - Math.round(value));
}
