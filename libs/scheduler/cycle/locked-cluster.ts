import { ResourceVector } from '#kernel';
import { type ClusterPolicy } from '#clusters';
import { type EntityManager, rowsOf, sql } from '#database';
import { type ClusterStop } from '#packing';

import { CLUSTER_COLUMNS, type ClusterRow, stateOf, stopsOf } from '../snapshot/cluster-state.js';

/** A cluster whose row the transaction has locked: no other transaction runs a pass on it, resizes it or changes its state meanwhile. */
export interface LockedCluster {
  readonly organizationId: string;
  readonly clusterId: string;
  /** Why nothing starts here; empty where something may. */
  readonly stops: readonly ClusterStop[];
  readonly policy: ClusterPolicy;
  /** A smaller capacity waits until what is allocated fits. */
  readonly hasPendingCapacity: boolean;
  readonly capacity: ResourceVector;
  readonly allocated: ResourceVector;
  /** The database's time at the start of the pass. */
  readonly nowMs: number;
}

/**
 * Locks a cluster for a pass, or says that another one is at work there, or that it is gone.
 *
 * `NO KEY`: a submission's foreign key needs the cluster's key to stay as it is, and must not wait for us. `SKIP LOCKED`: the session that holds
 * the lock will look for signals again when it is done.
 */
export async function lockCluster(tx: EntityManager, clusterId: string): Promise<LockedCluster | 'busy' | 'gone'> {
  const [row] = await rowsOf(
    tx,
    sql<ClusterRow>`select ${CLUSTER_COLUMNS} from clusters c where c.id = ${clusterId} for no key update skip locked`,
  );
  if (row === undefined) {
    const exists = await rowsOf(tx, sql`select 1 from clusters where id = ${clusterId}`);
    return exists.length > 0 ? 'busy' : 'gone';
  }
  const { organizationId, state, policy, nowMs, capacity, pendingCapacity, allocated } = stateOf(row);
  return {
    organizationId,
    clusterId,
    stops: stopsOf(state),
    policy,
    hasPendingCapacity: pendingCapacity !== null,
    nowMs,
    capacity: ResourceVector.of(capacity),
    allocated: ResourceVector.of(allocated),
  };
}
