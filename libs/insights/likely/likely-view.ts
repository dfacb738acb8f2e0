import { type LikelyRange, likelyRange, type LikelyWait, ownedReservation, type Reservation } from '#packing';

/**
 * When a start is likely, as moments: the likely wait with the range of the cluster's past errors.
 *
 * @param latestMs the promise of its reservation, after which it does not start; null: it has none
 */
export function likelyStart(
  nowMs: number,
  wait: LikelyWait | undefined,
  errors: readonly number[],
  latestMs: number | null = null,
): LikelyRange | null {
  if (wait === undefined || wait === null) return null;
  const { p10, p50, p90 } = likelyRange(wait, errors);
  const at = (ms: number): number => Math.min(nowMs + ms, Math.max(nowMs, latestMs ?? Infinity));
  return { p10: at(p10), p50: at(p50), p90: at(p90) };
}

/** The time at which a deployment is promised to start at the latest; null: it has no promise. */
export function promisedTo(reservations: readonly Reservation[], id: string): number | null {
  const owned = ownedReservation(reservations);
  return owned?.id === id && owned.state === 'promised' ? owned.untilMs : null;
}
