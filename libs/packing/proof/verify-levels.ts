// How the verifier reads what a certificate says of each level. As the rest of it, this shares nothing with the solver but the forms of data.
import type { LevelCertificate } from '../types.js';
import { at, ensure, sum } from './verify-numbers.js';
import { isStart, type Item, type Reading, reservedRank, startRank, stayRank } from './verify-reading.js';

/** What a certificate says of a level: what is reached, and the least that is said to be out of reach (`null`: that, with what starts besides). */
export type Certified = { rank: number; reached: bigint; beyond: bigint | null };

/** The levels that a certificate speaks of, in order; what it says of those that stay, and of slices, must be so. */
export function readCertified(levels: readonly LevelCertificate[], { starts, runs }: Reading): Certified[] {
  return levels.flatMap((level) => {
    const isHere = ({ priority }: Item): boolean => priority === level.priority;
    const all = [...certifiedStays(level, runs.filter(isHere)), ...certifiedStarts(level, starts.filter(isHere))];
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

function certifiedStarts(level: LevelCertificate, waiting: readonly Item[]): Certified[] {
  const { priority, placed, upperBound } = level;
  ensure(waiting.length > 0 || upperBound + placed === 0, 'something starts that does not wait');
  const reserved = waiting.filter((item) => !isStart(item));
  const granted = sum(reserved, ({ taken }) => taken);
  // The owner of a reservation starts later.
  const later = sum(reserved, ({ end, row }) => (end === Infinity && row.every((amount) => amount === 0n) ? 1n : 0n));
  const reached = BigInt(placed) + later - granted;
  const most = BigInt(upperBound) + later;
  const slices = certifiedSlices(level, waiting.filter(isStart));
  if (slices.length > 0)
    ensure(sum(slices, (slice) => slice.reached) === reached, 'a level is not the sum of its slices');
  const rest = most - sum(slices, ({ beyond }) => (beyond ?? 0n) - 1n);
  ensure(rest >= 0n, 'a level is not the sum of its slices');
  const certified: Certified[] = [];
  if (reserved.length > 0)
    certified.push({ rank: reservedRank(priority), reached: granted, beyond: slices.length > 0 ? rest + 1n : null });
  if (slices.length > 0) return [...certified, ...slices];
  return waiting.length > 0 ? [...certified, { rank: startRank(priority), reached, beyond: most + 1n }] : certified;
}

/** None where all shapes of the level are planned at once. */
function certifiedSlices({ slices = [] }: LevelCertificate, starts: readonly Item[]): Certified[] {
  const inSlices = Array.from(Map.groupBy(starts, ({ rank }) => rank)).sort(([a], [b]) => b - a);
  ensure(slices.length === (inSlices.length > 1 ? inSlices.length : 0), 'a level is not in the slices that it says');
  return slices.map(({ shapes, placed, upperBound }, index) => {
    const [rank, items] = at(inSlices, index);
    ensure(items.length === shapes, 'a slice has other shapes');
    return { rank, reached: BigInt(placed), beyond: BigInt(upperBound) + 1n };
  });
}
