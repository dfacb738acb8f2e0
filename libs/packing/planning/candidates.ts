import { type ResourceAmounts, RESOURCES } from '#kernel';

import type { RunningGroup, Snapshot } from '../types.js';
import { freeBeside } from './timeline.js';

/** A running deployment that this plan may preempt. */
export interface Candidate {
  /** Index into `snapshot.running`. */
  readonly group: number;
  readonly id: string;
  readonly priority: number;
  readonly request: ResourceAmounts;
  /** `null`: none declared, or past it. */
  readonly endsAtMs: number | null;
  /** The declared end, or else the expected one. */
  readonly expectedMs: number | null;
  readonly sinceMs: number;
  /** Whole seconds that it has run. */
  readonly elapsedSeconds: number;
  /** Work that is lost with it: elapsed seconds times dominant share of capacity in thousandths, rounded down. */
  readonly lostWork: number;
  /** Work first, then count, in one number: `work` times (candidates of the priority + 1) + 1. */
  readonly weight: number;
}

/** Longer runs count as this long: 115 days. */
const LONGEST_SECONDS = 10_000_000;

/** The sum of all weights stays below this, and is therefore exact in a double. */
const LARGEST_WORTH = 2 ** 52;

/**
 * Running deployments that may be preempted now, in no particular order: marked preemptible, allowed by the policy, and with something of higher priority waiting.
 * None where more runs than the capacity, or nothing may start: preemption would start nothing.
 */
export function candidatesOf(snapshot: Snapshot): Candidate[] {
  const { policy, isCordoned, running, waiting } = snapshot;
  if (policy.preemption === 'never' || isCordoned) return [];
  const highest = waiting.reduce(
    (most, { priority, count }) => (count > 0 ? Math.max(most, priority) : most),
    -Infinity,
  );
  const eligible = [...running.keys()].filter((index) => {
    const group = running[index]!;
    return group.priority < highest && (eligibleAtMs(snapshot, group) ?? Infinity) <= snapshot.nowMs;
  });
  if (eligible.length === 0 || freeBeside(snapshot, () => true).some((amount) => amount < 0)) return [];
  const counts = new Map<number, number>();
  for (const index of eligible) {
    const { priority } = running[index]!;
    counts.set(priority, (counts.get(priority) ?? 0) + 1);
  }
  return eligible.map((index) => {
    const group = running[index]!;
    return toCandidate(snapshot, group, index, counts.get(group.priority)!);
  });
}

/** The time from which on a running deployment may be preempted; `null`: never, under this policy. */
export function eligibleAtMs({ policy }: Snapshot, { preemptible, isTerminating, count }: RunningGroup): number | null {
  if (preemptible === undefined || isTerminating === true || count !== 1) return null;
  if (preemptible.preemptions >= policy.maxPreemptions) return null;
  return preemptible.sinceMs + policy.preemptAfterSeconds * 1000;
}

/** Running groups, minus candidates below `priority`. */
export function withoutLower(
  running: readonly RunningGroup[],
  candidates: readonly Candidate[],
  priority: number,
): RunningGroup[] {
  const lower = new Set(candidates.filter((candidate) => candidate.priority < priority).map(({ group }) => group));
  return running.filter((_, index) => !lower.has(index));
}

function toCandidate(snapshot: Snapshot, group: RunningGroup, index: number, ofPriority: number): Candidate {
  const { nowMs, capacity } = snapshot;
  const { priority, resources } = group;
  const endsAtMs = group.endsAtMs !== null && group.endsAtMs > nowMs ? group.endsAtMs : null;
  const expectedMs = endsAtMs ?? group.expectedEndMs ?? null;
  const { id, sinceMs } = group.preemptible!;
  const elapsedSeconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  const longest = Math.min(LONGEST_SECONDS, Math.floor(LARGEST_WORTH / (3000 * (ofPriority + 1))));
  const thousandths = Math.min(elapsedSeconds, longest) * 1000;
  const lostWork = Math.max(...RESOURCES.map((one) => divide(thousandths, resources[one], capacity[one])));
  const weight = lostWork * (ofPriority + 1) + 1;
  return {
    group: index,
    id,
    priority,
    request: resources,
    endsAtMs,
    expectedMs,
    sinceMs,
    elapsedSeconds,
    lostWork,
    weight,
  };
}

/** Whole part of `factor * amount / capacity`, exactly. */
function divide(factor: number, amount: number, capacity: number): number {
  if (capacity === 0) return 0;
  const product = factor * amount;
  if (product > Number.MAX_SAFE_INTEGER) return Number((BigInt(factor) * BigInt(amount)) / BigInt(capacity));
  return (product - (product % capacity)) / capacity;
}
