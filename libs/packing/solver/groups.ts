import { type Box, openClasses } from './box.js';
import type { Groups } from './bound.js';
import type { Program } from './program.js';

/** A search's groups: what the bounds see, and the members that a proof lists. */
export interface GroupSet {
  readonly groups: Groups;
  readonly members: readonly number[][];
}

/** Classes that make a group: each costs a row, and two that happen to be equal in one resource make no group. */
const SMALLEST_GROUP = 3;

/**
 * Groups open classes of a level by one resource.
 *
 * Many classes share a request of one resource (whole GPUs, above all). Branching on one of them only moves the fraction to another of its group;
 * branching on their sum settles all of them at once.
 */
export function groupClasses(program: Program, box: Box, lastLevel: number): GroupSet {
  const of = new Int32Array(program.classes).fill(-1);
  const members: number[][] = [];
  for (let level = 0; level <= lastLevel; level++) {
    const open = openClasses(program, box, level);
    const row = groupingRow(program, open);
    if (row < 0) continue;
    const byAmount = new Map<number, number[]>();
    for (const index of open) {
      const amount = program.amounts[index * program.rows + row]!;
      const group = byAmount.get(amount);
      if (group === undefined) byAmount.set(amount, [index]);
      else group.push(index);
    }
    for (const amount of [...byAmount.keys()].sort((a, b) => a - b)) {
      const group = byAmount.get(amount)!;
      if (group.length < SMALLEST_GROUP) continue;
      for (const index of group) of[index] = members.length;
      members.push(group);
    }
  }
  const sum = (bounds: Float64Array): Float64Array =>
    Float64Array.from(members, (group) => group.reduce((total, index) => total + bounds[index]!, 0));
  return { groups: { of, lower: sum(box.lower), upper: sum(box.upper) }, members };
}

/** The resource with the fewest different requests, at least two, and fewer than classes; GPU before the others. -1: none. */
function groupingRow(program: Program, open: readonly number[]): number {
  let best = -1;
  let fewest = open.length * 0.95;
  for (const row of [2, 0, 1]) {
    const amounts = new Set(open.map((index) => program.amounts[index * program.rows + row]));
    if (amounts.size > 1 && amounts.size < fewest) {
      best = row;
      fewest = amounts.size;
    }
  }
  return best;
}
