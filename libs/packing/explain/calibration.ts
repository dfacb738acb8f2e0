/** A range in which a start lies eight of ten times, around the time that is as likely to be too early as too late. */
export interface LikelyRange {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** The past errors that a range is made from: the latest. */
export const MAX_ERRORS = 100;

/** With fewer past errors the range is that of other clusters. */
export const LEAST_ERRORS = 20;

/** Wider than from one tenth to nine tenths: errors of the past are known of starts that came, and the late ones come last. */
const LOW = 0.07;
const HIGH = 0.93;

/** The range of errors on the logs on which this was tried, for clusters that have too few of their own. */
const USUAL_LOW = 0.1;
const USUAL_HIGH = 5;

/** How wrong a likely wait was: the real wait as a multiple of it. Waits count as a second at least. */
export function errorOf(likelyMs: number, realMs: number): number {
  return Math.max(1_000, realMs) / Math.max(1_000, likelyMs);
}

/**
 * The range around a likely wait, by how wrong the likely waits of the same cluster were.
 *
 * @param errors the latest ones, in any order
 */
export function likelyRange(likelyMs: number, errors: readonly number[]): LikelyRange {
  const sorted = errors.slice(0, MAX_ERRORS).sort((a, b) => a - b);
  const isKnown = sorted.length >= LEAST_ERRORS;
  const low = isKnown ? quantile(sorted, LOW) : USUAL_LOW;
  const high = isKnown ? quantile(sorted, HIGH) : USUAL_HIGH;
  const waitMs = Math.max(1_000, likelyMs);
  return {
    p10: Math.round(Math.min(likelyMs, waitMs * low)),
    p50: likelyMs,
    p90: Math.round(Math.max(likelyMs, waitMs * high)),
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
