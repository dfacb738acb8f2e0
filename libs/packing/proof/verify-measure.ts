// How the verifier measures utilization. As the rest of it, this shares nothing with the solver but the forms of data.
import type { Snapshot, UtilizationCertificate } from '../types.js';
import { at, ensure, gcd, max, min, rowOf, sum } from './verify-numbers.js';

/** Units that the whole of a resource is, and what one unit counts beside one start. */
export type Measure = { units: bigint; factor: bigint };

const LARGEST = 2n ** 53n - 1n;

/** The finest measure of which all sums are whole numbers below 2^53; null where count comes before utilization. */
export function readMeasure({ policy, capacity, waiting }: Snapshot): Measure | null {
  if (policy.objective !== 'utilization') return null;
  const requests = waiting.map(({ request }) => rowOf(request));
  const used = rowOf(capacity).flatMap((whole, i) => {
    const amounts = requests.map((row) => at(row, i)).filter((amount) => amount > 0n);
    return whole > 0n && amounts.length > 0 ? [{ whole, amounts }] : [];
  });
  const fit = sum(used, ({ whole, amounts }) => whole / amounts.reduce(min));
  const starts = min(
    fit,
    sum(waiting, ({ count }) => BigInt(count)),
  );
  const parts = used.map(({ whole, amounts }) => whole / amounts.reduce(gcd, whole));
  const common = parts.reduce((known, part) => (known / gcd(known, part)) * part, 1n);
  const finest = max(0n, ((LARGEST - starts) / (starts + 1n) - 3n * starts) / 3n);
  return { units: min(common, finest), factor: starts + 1n };
}

/** A request's share of each resource, in units rounded up. */
export const unitsOf = ({ units }: Measure, row: readonly bigint[], size: readonly bigint[]): bigint =>
  sum(size, (whole, i) => (whole > 0n ? (at(row, i) * units + whole - 1n) / whole : 0n));

/** Refuses a certificate that measures otherwise, or says that less is open than is. */
export function checkUtilization(
  { units }: Measure,
  { unitsPerResource, reached, upperBound, gapThousandths }: UtilizationCertificate,
  used: bigint,
  size: readonly bigint[],
): void {
  ensure(
    BigInt(unitsPerResource) === units && BigInt(reached) === used,
    'the utilization of a level is not what is used',
  );
  const whole = units * sum(size, (amount) => (amount > 0n ? 1n : 0n));
  const open = BigInt(upperBound - reached) * 1000n;
  ensure(
    open >= 0n && open <= BigInt(gapThousandths) * (whole > 0n ? whole : open),
    'the gap of utilization is larger',
  );
}
