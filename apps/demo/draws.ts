import { hash } from 'node:crypto';

/** Random numbers from 0 to 1 (exclusive) that belong to one thing. */
export type Draws = readonly [number, number, number, number];

const BYTES = 6;

/**
 * Random numbers that depend on nothing but the seed and the name of what they are for: whatever else is drawn, and in which order,
 * the same thing gets the same numbers.
 */
export function drawsOf(seed: number, name: string): Draws {
  const bytes = hash('sha256', `${seed}/${name}`, 'buffer');
  const draw = (index: number): number => bytes.readUIntBE(index * BYTES, BYTES) / 2 ** (8 * BYTES);
  return [draw(0), draw(1), draw(2), draw(3)];
}

/** The entry on which a draw falls when each has its share by weight. The weights are positive, and there is at least one entry. */
export function pick<T extends { readonly weight: number }>(entries: readonly [T, ...T[]], draw: number): T {
  let left = draw * entries.reduce((sum, { weight }) => sum + weight, 0);
  for (const entry of entries) {
    left -= entry.weight;
    if (left < 0) return entry;
  }
  return entries[0];
}
