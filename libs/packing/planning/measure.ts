import { type ResourceAmounts, RESOURCES } from '#kernel';

import { toRow } from '../rows.js';
import type { Snapshot } from '../types.js';

/** How utilization is compared in whole numbers. */
export interface Measure {
  /** Units that the whole of one resource is; 0 where too many may start for utilization and count to be compared in one number. */
  readonly unitsPerResource: number;
  /** More than can start at once: one unit of utilization counts as much, and one start counts one. */
  readonly startsPerUnit: number;
}

/** No sum of weights may exceed this: what is larger is not exact in a double. */
const LARGEST_SUM = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * The finest measure that is exact in doubles: the least common denominator of all shares that requests have of the capacity, where that is small
 * enough; otherwise the most units that are.
 */
export function measureOf({ capacity, waiting }: Pick<Snapshot, 'capacity' | 'waiting'>): Measure {
  const requests = waiting.map(({ request }) => toRow(request));
  const waitingCount = waiting.reduce((sum, { count }) => sum + BigInt(count), 0n);
  let denominator = 1n;
  let most = 0n;
  for (const [row, amount] of toRow(capacity).entries()) {
    if (amount === 0) continue;
    const size = BigInt(amount);
    const amounts = requests.map((request) => BigInt(request[row]!)).filter((one) => one > 0n);
    if (amounts.length === 0) continue;
    most += size / amounts.reduce((least, one) => (one < least ? one : least));
    const part = size / amounts.reduce(gcd, size);
    denominator = (denominator / gcd(denominator, part)) * part;
  }
  const starts = most < waitingCount ? most : waitingCount;
  const finest = ((LARGEST_SUM - starts) / (starts + 1n) - 3n * starts) / 3n;
  const units = finest < 0n ? 0n : denominator < finest ? denominator : finest;
  return { unitsPerResource: Number(units), startsPerUnit: Number(starts + 1n) };
}

/** The units of one request: its share of each resource, each rounded up. */
export function unitsOf({ unitsPerResource }: Measure, request: ResourceAmounts, capacity: ResourceAmounts): number {
  const units = BigInt(unitsPerResource);
  return RESOURCES.reduce((sum, resource) => {
    const size = BigInt(capacity[resource]);
    return size === 0n ? sum : sum + Number((BigInt(request[resource]) * units + size - 1n) / size);
  }, 0);
}

/** What one start counts: its utilization first, then itself. */
export function weightOf(measure: Measure, request: ResourceAmounts, capacity: ResourceAmounts): number {
  return unitsOf(measure, request, capacity) * measure.startsPerUnit + 1;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}
