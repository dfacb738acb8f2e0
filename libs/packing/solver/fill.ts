import { type Box, usage } from './box.js';
import type { Program } from './program.js';

/**
 * Fills one level, cheapest first by the given capacity prices (for what it is worth), into what the counts of higher levels leave.
 *
 * Scarcity decides what is cheap: the prices are those of the linear program, not a fixed measure of size.
 * @param x counts so far; those of `level` are overwritten
 * @returns what the level reaches
 */
export function fillLevel(program: Program, box: Box, level: number, prices: Float64Array, x: Float64Array): number {
  const first = program.start[level]!;
  const end = program.start[level + 1]!;
  for (let index = first; index < end; index++) x[index] = box.lower[index]!;
  const left = usage(program, x, end).map((used, row) => program.limits[row]! - used);
  let placed = 0;
  for (const index of byPrice(program, box, first, end, prices)) {
    const lower = x[index]!;
    const more = addWhatFits(program, left, index, box.upper[index]! - lower);
    placed += (lower + more) * program.weight[index]!;
    x[index] = lower + more;
  }
  return placed;
}

/** Takes as many of a class, at most `most`, as fit into what is left. */
export function addWhatFits({ rows, amounts }: Program, left: Float64Array, index: number, most: number): number {
  let more = most;
  for (let row = 0; row < rows && more > 0; row++) {
    const amount = amounts[index * rows + row]!;
    if (amount > 0) more = Math.min(more, Math.floor(left[row]! / amount));
  }
  if (more === 0) return 0;
  for (let row = 0; row < rows; row++) {
    left[row] = left[row]! - more * amounts[index * rows + row]!;
  }
  return more;
}

/** Classes of a level by what one of them costs for what it is worth, then by index. */
function byPrice(program: Program, box: Box, first: number, end: number, prices: Float64Array): Int32Array {
  const costs = new Float64Array(end - first);
  const order = new Int32Array(end - first);
  let count = 0;
  for (let index = first; index < end; index++) {
    if (box.upper[index]! === 0) continue;
    for (let row = 0; row < program.rows; row++) {
      costs[index - first] = costs[index - first]! + prices[row]! * program.amounts[index * program.rows + row]!;
    }
    costs[index - first] = costs[index - first]! / program.weight[index]!;
    order[count++] = index;
  }
  const used = order.subarray(0, count);
  const { weight } = program;
  return used.sort((a, b) => costs[a - first]! - costs[b - first]! || weight[b]! - weight[a]! || a - b);
}
