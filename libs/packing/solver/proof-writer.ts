import type { Prices } from './bound.js';
import { type Multipliers, PROOF_SCALE } from '../proof.js';

/** Writes multipliers as the whole numbers that a proof carries: sums of `levels` levels, then those of groups. */
export function exportPrices(prices: Prices, levels: number): Multipliers {
  const sums = [...prices.levels.subarray(0, levels), ...(prices.groups ?? [])];
  while (sums.at(-1) === 0) sums.pop();
  return {
    capacity: Array.from(prices.capacity, (price) => price * PROOF_SCALE),
    sums: sums.map((price) => price * PROOF_SCALE),
  };
}

/** The multipliers that prove no more than the number that wait. */
export function noMultipliers(rows: number): Multipliers {
  return { capacity: new Array<number>(rows).fill(0), sums: [] };
}
