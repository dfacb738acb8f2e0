// How the verifier reads what a certificate says of each level. As the rest of it, this shares nothing with the solver but the forms of data.
import type { LevelCertificate, SliceCertificate, Snapshot, UtilizationCertificate } from '../types.js';
import { checkUtilization, type Measure, readMeasure } from './verify-measure.js';
import { at, ensure, rowOf, sum } from './verify-numbers.js';
import { isStart, type Item, type Reading, reservedRank, startRank, stayRank } from './verify-reading.js';

/** What a certificate says of a level: what is reached, and the least that is said to be out of reach (`null`: that, with what starts besides). */
export type Certified = { rank: number; reached: bigint; beyond: bigint | null };

/** How utilization is measured, and the whole of each resource. */
type Measured = { measure: Measure; size: readonly bigint[] };

/** The levels that a certificate speaks of, in order; what it says of those that stay, of slices and of utilization must be so. */
export function readCertified(
  snapshot: Snapshot,
  levels: readonly LevelCertificate[],
  { starts, runs }: Reading,
): Certified[] {
  const measure = readMeasure(snapshot);
  const measured = measure === null ? null : { measure, size: rowOf(snapshot.capacity) };
  return levels.flatMap((level) => {
    const isHere = ({ priority }: Item): boolean => priority === level.priority;
    const all = [
      ...certifiedStays(level, runs.filter(isHere)),
      ...certifiedStarts(level, starts.filter(isHere), measured),
    ];
    ensure(all.length > 0, 'a level is not what the problem has');
    return all;
  });
}

function certifiedStays({ priority, preemption }: LevelCertificate, runs: readonly Item[]): Certified[] {
  ensure((preemption === undefined) === (runs.length === 0), 'a level is not what the problem has');
  if (preemption === undefined) return [];
  const { eligibleCount, retainedCount, retainedWork, upperBound } = preemption;
  const all = BigInt(runs.length) + 1n;
  const [count, reached] = [sum(runs, ({ taken }) => taken), sum(runs, ({ taken, weight }) => taken * weight)];
  ensure(
    BigInt(eligibleCount) + 1n === all && BigInt(retainedCount) === count && BigInt(retainedWork) === reached / all,
    'something else stays',
  );
  return [{ rank: stayRank(priority), reached, beyond: (BigInt(upperBound) + 1n) * all }];
}

function certifiedStarts(level: LevelCertificate, waiting: readonly Item[], measured: Measured | null): Certified[] {
  const { priority, placed, upperBound } = level;
  ensure(waiting.length > 0 || upperBound + placed === 0, 'something starts that does not wait');
  const starts = waiting.filter(isStart);
  const reserved = waiting.filter((item) => !isStart(item));
  const granted = sum(reserved, ({ taken }) => taken);
  // The owner of a reservation starts later.
  const later = sum(reserved, ({ end, row }) => (end === Infinity && row.every((amount) => amount === 0n) ? 1n : 0n));
  const reached = BigInt(placed) + later - granted;
  const most = BigInt(upperBound) + later;
  const slices = slicesOf(level, starts);
  if (slices.length > 0)
    ensure(sum(slices, (slice) => BigInt(slice.placed)) === reached, 'a level is not the sum of its slices');
  const rest = most - sum(slices, (slice) => BigInt(slice.upperBound));
  ensure(rest >= 0n, 'a level is not the sum of its slices');
  const measure = ({ utilization }: LevelCertificate | Slice, items: readonly Item[]): [bigint, bigint] =>
    items.length > 0 || utilization !== undefined ? valueOf(utilization, items, measured) : [0n, 0n];
  const [value, bound] = measure(level, starts);
  const certified: Certified[] = [];
  if (reserved.length > 0)
    certified.push({ rank: reservedRank(priority), reached: granted, beyond: slices.length > 0 ? rest + 1n : null });
  for (const slice of slices) {
    const [used, atMost] = measure(slice, slice.items);
    const { rank } = slice;
    certified.push({ rank, reached: used + BigInt(slice.placed), beyond: atMost + BigInt(slice.upperBound) + 1n });
  }
  if (slices.length > 0 || waiting.length === 0) return certified;
  return [...certified, { rank: startRank(priority), reached: value + reached, beyond: bound + most + 1n }];
}

/** What utilization counts in a level's sum: what is used, and what it is said not to exceed. */
function valueOf(
  certificate: UtilizationCertificate | undefined,
  items: readonly Item[],
  measured: Measured | null,
): [bigint, bigint] {
  ensure((certificate === undefined) === (measured === null), 'the certificate is of another objective');
  if (certificate === undefined || measured === null) return [0n, 0n];
  const { measure, size } = measured;
  checkUtilization(
    measure,
    certificate,
    sum(items, ({ taken, weight }) => (taken * (weight - 1n)) / measure.factor),
    size,
  );
  return [BigInt(certificate.reached) * measure.factor, BigInt(certificate.upperBound) * measure.factor];
}

type Slice = SliceCertificate & { readonly rank: number; readonly items: readonly Item[] };

/** None where all shapes of the level are planned at once. */
function slicesOf({ slices = [] }: LevelCertificate, starts: readonly Item[]): Slice[] {
  const inSlices = Array.from(Map.groupBy(starts, ({ rank }) => rank)).sort(([a], [b]) => b - a);
  ensure(slices.length === (inSlices.length > 1 ? inSlices.length : 0), 'a level is not in the slices that it says');
  return slices.map((slice, index) => {
    const [rank, items] = at(inSlices, index);
    ensure(items.length === slice.shapes, 'a slice has other shapes');
    return { ...slice, rank, items };
  });
}
