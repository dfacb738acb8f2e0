import { type Box, sumLevel, usage } from './box.js';
import type { Program } from './program.js';

/** The part of a program that is still open at a level and above: what is fixed is taken off limits and counts once and for all. */
export interface Subprogram {
  readonly program: Program;
  /** Class of the whole program for each of its classes. */
  readonly origin: Int32Array;
  /** What the lower bounds of the box already reach, per level. */
  readonly base: Float64Array;
}

/**
 * Lower levels are left out: whether counts are possible down to this one does not depend on them.
 *
 * Levels keep their numbers, so that multipliers mean the same in both. The whole costs O(classes); everything after only what is open.
 */
export function openPart(program: Program, box: Box, lastLevel: number): Subprogram {
  const { rows } = program;
  const open: number[] = [];
  const start = new Int32Array(program.start.length);
  for (let level = 0; level < program.priorities.length; level++) {
    start[level] = open.length;
    if (level > lastLevel) continue;
    const end = program.start[level + 1]!;
    for (let index = program.start[level]!; index < end; index++) {
      if (box.lower[index]! < box.upper[index]!) open.push(index);
    }
  }
  start[program.priorities.length] = open.length;
  const pick = (value: (index: number) => number): Float64Array => Float64Array.from(open, value);
  const amounts = new Float64Array(open.length * rows);
  open.forEach((index, at) => amounts.set(program.amounts.subarray(index * rows, (index + 1) * rows), at * rows));
  const used = usage(program, box.lower);
  const part: Program = {
    rows,
    limits: program.limits.map((limit, row) => usable(limit - used[row]!, amounts, row, rows)),
    classes: open.length,
    amounts,
    counts: pick((index) => box.upper[index]! - box.lower[index]!),
    level: Int32Array.from(open, (index) => program.level[index]!),
    start,
    priorities: program.priorities,
    stages: program.stages,
    weight: pick((index) => program.weight[index]!),
    shares: pick((index) => program.shares[index]!),
    members: [],
  };
  const base = Float64Array.from(program.priorities, (_, level) => sumLevel(program, box.lower, level));
  return { program: part, origin: Int32Array.from(open), base };
}

/** What whole requests can use of a limit: no more than a multiple of their greatest common divisor. Devices come whole more often than not. */
function usable(limit: number, amounts: Float64Array, row: number, rows: number): number {
  let divisor = 0;
  for (let at = row; at < amounts.length; at += rows) {
    let other = amounts[at]!;
    while (other > 0) [divisor, other] = [other, divisor % other];
  }
  return divisor > 0 ? Math.floor(limit / divisor) * divisor : limit;
}

/** Counts of the whole program for counts of the open part. */
export function embed(box: Box, part: Subprogram, x: Float64Array): Float64Array {
  const whole = box.lower.slice();
  part.origin.forEach((index, at) => (whole[index] = whole[index]! + x[at]!));
  return whole;
}
