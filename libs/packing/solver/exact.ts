import type { Frame, Objective, Prices } from './bound.js';

const SCALE = 2 ** 60;
const toWhole = (multiplier: number): bigint => BigInt(multiplier * SCALE);

/** Elementary operations that exact arithmetic counts for each class. */
export const EXACT_OPERATIONS = 120;

/**
 * The same bound as `evaluate`, times 2^60, without any rounding. For the few cases where an estimate leaves a whole number undecided.
 *
 * Takes about a microsecond per class; `weights` are no whole numbers and have no exact form here.
 */
export function evaluateExactly(frame: Frame, prices: Prices, objective: Exclude<Objective, 'weights'>): bigint {
  const { program, box, rest, counts, groups } = frame;
  const capacity = Array.from(prices.capacity, toWhole);
  const levels = Array.from(prices.levels, toWhole);
  const groupPrices = prices.groups === null || groups === null ? [] : Array.from(prices.groups, toWhole);
  let value = 0n;
  capacity.forEach((price, row) => (value += price * BigInt(rest[row]!)));
  for (let level = 0; level <= frame.level; level++) {
    const price = levels[level]!;
    value += price * BigInt(level === frame.level && price > 0n ? frame.most : counts[level]!);
  }
  groupPrices.forEach((price, group) => {
    value += price * BigInt((price > 0n ? groups?.upper[group] : groups?.lower[group])!);
  });
  const end = program.start[frame.level + 1]!;
  for (let index = 0; index < end; index++) {
    const level = program.level[index]!;
    const each = BigInt(program.weight[index]!);
    const weight = objective === 'level' && level === frame.level ? each * BigInt(SCALE) : 0n;
    const group = groups?.of[index] ?? -1;
    let other = levels[level]! * each;
    if (group >= 0) other += groupPrices[group] ?? 0n;
    let cost = 0n;
    for (let row = 0; row < program.rows; row++) {
      const amount = program.amounts[index * program.rows + row]!;
      if (amount !== 0 && capacity[row] !== 0n) cost += capacity[row]! * BigInt(amount);
    }
    const gain = weight - cost - other;
    const lower = BigInt(box.lower[index]!);
    const room = BigInt(box.upper[index]! - box.lower[index]!);
    value += lower * (weight - other) + (gain > 0n ? room * gain : 0n);
  }
  return value;
}

/** The largest whole number of objective units within an exact value. */
export function floorUnits(value: bigint): number {
  const unit = BigInt(SCALE);
  const quotient = value / unit;
  return Number(value < 0n && quotient * unit !== value ? quotient - 1n : quotient);
}
