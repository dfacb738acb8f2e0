/** The number of runs that must be known to have taken longer than a run has taken. */
const FEWEST_LONGER = 3;

/** Of five that took longer than a run has taken, four end by the time that is expected. */
const SHARE = 0.8;

/** A run is expected to take at least this long from now on: with less it would count as over. */
const SOONEST_MS = 1_000;

/**
 * When a run without a declared end is expected to end: by then, four of five have ended of the known runs that took longer than it has taken. Where
 * fewer than three did, half as long again as it has run.
 *
 * @param known what runs of its kind have taken, in seconds, the shortest first
 * @returns a time in milliseconds, at least a second from now. O(log n) for n known runs.
 */
export function expectEndMs(startedAtMs: number, nowMs: number, known: readonly number[] = []): number {
  const takenMs = Math.max(0, nowMs - startedAtMs);
  const seconds = quantileBeyond(known, takenMs / 1000);
  const endMs = seconds === null ? nowMs + Math.ceil(takenMs / 2) : startedAtMs + seconds * 1000;
  return Math.max(endMs, nowMs + SOONEST_MS);
}

/** How long a run is expected to take from its start, in seconds; `null` where fewer than three are known. Takes what {@link expectEndMs} does. */
export function expectSeconds(known: readonly number[]): number | null {
  return quantileBeyond(known, 0);
}

function quantileBeyond(known: readonly number[], seconds: number): number | null {
  let [first, end] = [0, known.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (known[middle]! <= seconds) first = middle + 1;
    else end = middle;
  }
  const count = known.length - first;
  return count < FEWEST_LONGER ? null : known[first + Math.min(count - 1, Math.floor(SHARE * count))]!;
}
