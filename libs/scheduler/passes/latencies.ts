/** Upper bounds of the buckets in which latencies are counted, in milliseconds; a last bucket takes what is longer. Released ones stay. */
export const LATENCY_BUCKETS_MS = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000, 300_000, 3_600_000,
] as const;

/** Latencies, counted by bucket. */
export interface Latencies {
  /** One count for each bound of {@link LATENCY_BUCKETS_MS}, and one for what is longer. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Counts latencies by bucket. */
export function countLatencies(latenciesMs: Iterable<number>): Latencies {
  const counts = new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
  let sumMs = 0;
  for (const ms of latenciesMs) {
    const bucket = LATENCY_BUCKETS_MS.findIndex((bound) => ms <= bound);
    const index = bucket === -1 ? LATENCY_BUCKETS_MS.length : bucket;
    counts[index] = (counts[index] ?? 0) + 1;
    sumMs += ms;
  }
  return { counts, sumMs };
}
