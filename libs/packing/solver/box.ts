import type { Program } from './program.js';

/** What is still open: each class's count lies within `lower..upper`. Bounds only ever move together, by proof. */
export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Everything open. */
export function wholeBox(program: Program): Box {
  return { lower: new Float64Array(program.classes), upper: program.counts.slice() };
}

/** An independent copy, for a case that may turn out impossible. */
export function copyBox(box: Box): Box {
  return { lower: box.lower.slice(), upper: box.upper.slice() };
}

/** Takes over what another box rules out: every point of the first one is in that one as well. */
export function keepWithin(box: Box, other: Box): void {
  for (let index = 0; index < box.lower.length; index++) {
    box.lower[index] = Math.max(box.lower[index]!, other.lower[index]!);
    box.upper[index] = Math.min(box.upper[index]!, other.upper[index]!);
  }
}

/** Fixes all classes of a level at their upper bounds: all of it starts, as every proof of its count shows. */
export function fixAtUpper(program: Program, box: Box, level: number): void {
  const end = program.start[level + 1]!;
  for (let index = program.start[level]!; index < end; index++) {
    box.lower[index] = box.upper[index]!;
  }
}

/** Fixes all classes of the levels `from..to` at the given counts. */
export function fixAt(program: Program, box: Box, x: Float64Array, from: number, to: number): void {
  const end = program.start[to + 1]!;
  for (let index = program.start[from]!; index < end; index++) {
    box.lower[index] = x[index]!;
    box.upper[index] = x[index]!;
  }
}

/** Per capacity row: what is used by the given counts of all classes. */
export function usage(program: Program, x: Float64Array, classes = program.classes): Float64Array {
  const { rows, amounts } = program;
  const used = new Float64Array(rows);
  for (let index = 0; index < classes; index++) {
    const count = x[index]!;
    if (count === 0) continue;
    for (let row = 0; row < rows; row++) {
      used[row] = used[row]! + count * amounts[index * rows + row]!;
    }
  }
  return used;
}

/** Sum of the counts of a level, each by its worth. */
export function sumLevel(program: Program, x: Float64Array, level: number): number {
  let sum = 0;
  const end = program.start[level + 1]!;
  for (let index = program.start[level]!; index < end; index++) {
    sum += x[index]! * program.weight[index]!;
  }
  return sum;
}

/** The classes of a level whose count is still open. */
export function openClasses(program: Program, box: Box, level: number): number[] {
  const open: number[] = [];
  const end = program.start[level + 1]!;
  for (let index = program.start[level]!; index < end; index++) {
    if (box.lower[index]! < box.upper[index]!) open.push(index);
  }
  return open;
}
