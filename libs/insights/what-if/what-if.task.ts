import {
  blockersOf,
  type Change,
  changed,
  type ClusterStop,
  keyOf,
  plan,
  type Plan,
  type ShapeBlockers,
  type Snapshot,
  type WaitingShape,
} from '#packing';
import type { TaskClock } from '#scheduler';

/** An imagined change. */
export interface WhatIfTask {
  readonly snapshot: Snapshot;
  readonly change: Change;
  /** What stops the cluster once the change is made. */
  readonly stops: readonly ClusterStop[];
}

/** The next pass as things are, and as they would be; what keeps the shapes of what would come. */
export interface WhatIfResult {
  readonly before: { readonly snapshot: Snapshot; readonly plan: Plan };
  readonly after: { readonly snapshot: Snapshot; readonly plan: Plan; readonly blockers: readonly ShapeBlockers[] };
}

/** Plans twice: as things are, and as they would be. */
export function whatIf({ snapshot, change, stops }: WhatIfTask, clock: TaskClock): WhatIfResult {
  const before = changed(snapshot, {});
  const after = changed(snapshot, change);
  const planAfter = plan(after, { shouldStop: clock.forPlan() });
  const came = new Set((change.came ?? []).map(({ shape }) => keyOf(shape)));
  const isAsked = (index: number): boolean => came.has(keyOf(after.waiting[index] as WaitingShape));
  return {
    before: { snapshot: before, plan: plan(before, { shouldStop: clock.forPlan() }) },
    after: { snapshot: after, plan: planAfter, blockers: blockersOf(after, planAfter, stops, isAsked) },
  };
}
