import { RESOURCES } from '#kernel';

import type { Snapshot, WaitingShape } from '../types.js';

/** Utilization as an exact fraction of the product of all capacities, and how many start. */
export interface Used {
  readonly shares: bigint;
  readonly starts: number;
}

/** The most that shapes can use of what is free, then the most starts: by trying everything. */
export function mostUsed(snapshot: Snapshot, shapes: readonly WaitingShape[], free: readonly number[]): Used {
  let best: Used = { shares: 0n, starts: 0 };
  const descend = (index: number, left: readonly number[], reached: Used): void => {
    const shape = shapes[index];
    if (shape === undefined) {
      if (compareUsed(reached, best) > 0) best = reached;
      return;
    }
    const row = RESOURCES.map((resource) => shape.request[resource]);
    for (let count = 0; count <= shape.count; count++) {
      const rest = left.map((amount, at) => amount - row[at]! * count);
      if (rest.some((amount, at) => amount < 0 && row[at]! > 0)) break;
      const shares = reached.shares + sharesOf(snapshot, shape) * BigInt(count);
      descend(index + 1, rest, { shares, starts: reached.starts + count });
    }
  };
  descend(0, free, best);
  return best;
}

/** Compares utilization, then starts. */
export function compareUsed(a: Used, b: Used): number {
  return a.shares === b.shares ? a.starts - b.starts : Number(a.shares > b.shares) - Number(a.shares < b.shares);
}

/** What one of a shape uses, as a fraction of {@link wholeOf}. */
export function sharesOf({ capacity }: Snapshot, { request }: Pick<WaitingShape, 'request'>): bigint {
  const whole = wholeOf({ capacity });
  return RESOURCES.reduce(
    (sum, resource) =>
      capacity[resource] > 0 ? sum + (BigInt(request[resource]) * whole) / BigInt(capacity[resource]) : sum,
    0n,
  );
}

/** The whole of one resource: the product of all capacities. */
export function wholeOf({ capacity }: Pick<Snapshot, 'capacity'>): bigint {
  return RESOURCES.reduce(
    (product, resource) => (capacity[resource] > 0 ? product * BigInt(capacity[resource]) : product),
    1n,
  );
}
