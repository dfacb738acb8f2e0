import {
  blockersOf,
  changed,
  type ClusterStop,
  type PreemptionAnalysis,
  preemptionAnalysisOf,
  forecast,
  type Forecast,
  type KnownRuntimes,
  type LikelyWait,
  likelyWaits,
  plan,
  type Plan,
  type ShapeBlockers,
  type Snapshot,
  type QueuePosition,
  type Unlocks,
  unlocksOf,
  type WaitingMember,
} from '#packing';

import type { TaskClock } from '#scheduler';

/** What is asked of one deployment. Budgets in milliseconds; 0: not asked for. */
export interface ExplainTask {
  readonly snapshot: Snapshot;
  readonly stops: readonly ClusterStop[];
  readonly subject: WaitingMember & { readonly shape: number; readonly older: readonly number[] };
  readonly unlockMs: number;
  readonly forecastMs: number;
  /** What likely starts are drawn from, and how long. */
  readonly known: KnownRuntimes;
  readonly likelyMs: number;
}

/** The answers to it. */
export interface ExplainResult {
  readonly plan: Plan;
  /** What keeps those of its shape that the plan leaves waiting; null: it leaves none. */
  readonly blockers: ShapeBlockers | null;
  /** Who could be stopped for it. */
  readonly preemption: PreemptionAnalysis;
  readonly unlocks: Unlocks | null;
  readonly forecast: Forecast | null;
  /** null: not known, or not asked for. */
  readonly likely: LikelyWait;
}

/** Why one deployment waits, what would start it, and when it starts. */
export function explain(
  { snapshot, stops, subject, unlockMs, forecastMs, known, likelyMs }: ExplainTask,
  clock: TaskClock,
): ExplainResult {
  const seen = changed(snapshot, {});
  const result = plan(seen, { shouldStop: clock.forPlan() });
  const { id, queuedAtMs, shape, older } = subject;
  const blockers = blockersOf(seen, result, stops, (index) => index === shape)[0] ?? null;
  const standing: QueuePosition = { id, queuedAtMs, shape, older: older[shape] ?? 0 };
  return {
    plan: result,
    blockers,
    preemption: preemptionAnalysisOf(seen, result, shape),
    unlocks:
      unlockMs === 0
        ? null
        : unlocksOf(
            snapshot,
            { id, queuedAtMs, shape, olderIn: (other) => older[other] ?? 0 },
            { shouldStop: clock.within(unlockMs) },
          ),
    forecast: forecastMs === 0 ? null : forecast(snapshot, [standing], { shouldStop: clock.within(forecastMs) }),
    likely:
      likelyMs === 0
        ? null
        : (likelyWaits(snapshot, [standing], known, { shouldStop: clock.within(likelyMs) })[0] ?? null),
  };
}
