import { type Competitor, type OrderRule, type Plan, type Snapshot, whyFirst } from '#packing';

/** Two deployments, one of which a plan starts. */
export interface OrderTask {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly first: Competitor;
  readonly other: Competitor;
}

/** Why it starts this one. */
export function order({ snapshot, plan, first, other }: OrderTask): OrderRule {
  return whyFirst(snapshot, plan, first, other);
}
