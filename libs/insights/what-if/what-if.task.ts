import {
  blockersOf,
  type Change,
  changed,
  type ClusterStop,
  plan,
  type Plan,
  type ShapeBlockers,
  type Snapshot,
} from '#packing';

/** An imagined change. */
export interface WhatIfTask {
  readonly snapshot: Snapshot;
  readonly change: Change;
  /** What stops the cluster once the change is made. */
  readonly stops: readonly ClusterStop[];
}

/** The next pass as things are, and as they would be. */
export interface WhatIfResult {
  readonly before: { readonly snapshot: Snapshot; readonly plan: Plan };
  readonly after: { readonly snapshot: Snapshot; readonly plan: Plan; readonly blockers: readonly ShapeBlockers[] };
}

/** Plans twice: as things are, and as they would be. */
export function whatIf({ snapshot, change, stops }: WhatIfTask): WhatIfResult {
  const before = changed(snapshot, {});
  const after = changed(snapshot, change);
  const planAfter = plan(after);
  return {
    before: { snapshot: before, plan: plan(before) },
    after: { snapshot: after, plan: planAfter, blockers: blockersOf(after, planAfter, stops) },
  };
}
