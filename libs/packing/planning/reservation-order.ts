import { compareAge } from '../rows.js';
import type { Snapshot, WaitingMember, WaitingShape } from '../types.js';

/** What decides whose turn it is: a deployment with its priority, and its declared or typical runtime. */
export type Turn = WaitingMember & Pick<WaitingShape, 'priority' | 'maxRuntimeSeconds' | 'typicalRuntimeSeconds'>;

/** A wait of more than this comes before every shorter one: nothing waits for ever behind shorter runtimes that keep arriving. */
const LONG_WAIT_MS = 7 * 86_400_000;

/** Waits count up to the last whole minute of the clock: two plans within a minute, such as a what-if and the pass after it, see one order. */
const CLOCK_STEP_MS = 60_000;

/** Runtimes count as no less and no more than these; unknown ones as the longest. */
const SHORTEST_RUNTIME_SECONDS = 60;
const LONGEST_RUNTIME_SECONDS = 43_200;

/**
 * Compares deployments by whose turn it is to get the reservation; negative: `a` comes first. The higher priority comes first. Then, by the policy:
 *
 * `age`: the one that has waited longer.
 * `relative-wait`: one that has waited for more than seven days, the oldest first; otherwise the longer wait as a multiple of the declared
 * runtime, or of the typical one where none is declared, which counts as one minute at least and as twelve hours at most. The ratio is the response
 * ratio of Brinch Hansen's "highest response ratio next" (1971) less one. Waits count up to the last whole minute of the clock.
 */
export function compareTurns({ policy, nowMs }: Pick<Snapshot, 'policy' | 'nowMs'>): (a: Turn, b: Turn) => number {
  if (policy.reservationOrder === 'age') return (a, b) => b.priority - a.priority || compareAge(a, b);
  return (a, b) => b.priority - a.priority || relativeWait(b, nowMs) - relativeWait(a, nowMs) || compareAge(a, b);
}

/** The wait as a multiple of the runtime. After seven days all are equal, so that age decides. */
function relativeWait({ queuedAtMs, maxRuntimeSeconds, typicalRuntimeSeconds }: Turn, nowMs: number): number {
  const waitedMs = Math.max(0, nowMs - (nowMs % CLOCK_STEP_MS) - queuedAtMs);
  if (waitedMs > LONG_WAIT_MS) return Number.MAX_VALUE;
  const runtime = maxRuntimeSeconds ?? typicalRuntimeSeconds ?? LONGEST_RUNTIME_SECONDS;
  return waitedMs / Math.min(LONGEST_RUNTIME_SECONDS, Math.max(SHORTEST_RUNTIME_SECONDS, runtime));
}
