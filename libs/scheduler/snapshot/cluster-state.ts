import { type ResourceAmounts } from '#kernel';
import {
  AMOUNT_COLUMNS,
  amountsIn,
  type AmountsRow,
  type ClusterPolicy,
  policyOf,
  type PolicySettings,
} from '#clusters';
import { sql } from '#database';
import { type ClusterStop } from '#packing';

/** What the row of a cluster says of what may be planned there. */
export interface ClusterState {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly state: string;
  readonly policy: ClusterPolicy;
  readonly capacity: ResourceAmounts;
  /** A smaller capacity, which waits until what is allocated fits. */
  readonly pendingCapacity: ResourceAmounts | null;
  readonly allocated: ResourceAmounts;
  /** The database's time. */
  readonly nowMs: number;
}

/** The columns of `clusters` that make a {@link ClusterState}. */
export interface ClusterRow extends AmountsRow {
  readonly organizationId: string;
  readonly clusterId: string;
  readonly state: string;
  readonly policy: PolicySettings;
  readonly nowMs: number;
}

/** Those columns of `clusters c`, for a select list. */
export const CLUSTER_COLUMNS = sql`
  c.organization_id as "organizationId", c.id as "clusterId", c.state, c.policy,
  floor(extract(epoch from statement_timestamp()) * 1000)::float8 as "nowMs", ${AMOUNT_COLUMNS}`;

/** What a row says. */
export function stateOf(row: ClusterRow): ClusterState {
  const { organizationId, clusterId, state, policy, nowMs } = row;
  const { capacity, pendingCapacity, allocated } = amountsIn(row);
  return {
    organizationId,
    clusterId,
    state,
    policy: policyOf(policy),
    nowMs,
    capacity: capacity.toAmounts(),
    pendingCapacity: pendingCapacity?.toAmounts() ?? null,
    allocated: allocated.toAmounts(),
  };
}

/** Why nothing starts in a cluster of this state; empty where something may. */
export function stopsOf(state: string): ClusterStop[] {
  if (state === 'active') return [];
  return [state === 'draining' ? 'DRAINING' : 'CORDONED'];
}
