import { type Competitor, type OrderRule, type Plan, type Snapshot, whyFirst } from '#packing';
import type { TaskClock } from '#scheduler';

/** Two deployments, one of which a plan starts. */
export interface OrderTask {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly first: Competitor;
  readonly other: Competitor;
}

/** Why it starts this one; null: the time did not suffice. */
export function order({ snapshot, plan, first, other }: OrderTask, { shouldStop }: TaskClock): OrderRule | null {
  return whyFirst(snapshot, plan, first, other, { shouldStop });
}
