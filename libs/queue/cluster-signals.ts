import { Injectable } from '@nestjs/common';

import {
  changesOf,
  type EntityManager,
  type Fragment,
  preparedRowsOf,
  rowsOf,
  selectShape,
  shapeArrays,
  shapeColumns,
  sql,
} from '#database';

import { type ClusterRef, QueueShapes, type ShapeChange } from './queue-shapes.js';

/** The reason to look at a cluster, recorded by the pass that does. */
export type SignalReason = 'submitted' | 'edited' | 'ended' | 'cancelled' | 'cluster-changed' | 'more-to-do';

/** The reason of a signal for a repair of the ledger. Passes leave it. */
const REPAIR = 'repair';

/** What a pass took from the signals of its cluster. */
export interface TakenSignals {
  readonly reasons: readonly SignalReason[];
  /** True when more signals were waiting than one pass takes. */
  readonly isPartial: boolean;
}

/**
 * The most signals that one pass takes; the next pass follows at once. Far more than collect between two passes, because a cut could
 * separate an arrival from its departure.
 */
const MAX_TAKEN = 1_000_000;

/**
 * The durable half of a nudge: rows that request a look at a cluster, written in the transaction of the change there.
 *
 * They also carry the changes of the queue's shape counts: no pass counts the queue, and no submission waits for a counter. The pass that
 * acts on a signal takes it in its own transaction: a signal is neither lost nor used twice.
 */
@Injectable()
export class ClusterSignals {
  constructor(private readonly shapes: QueueShapes) {}

  /** Announces, as part of `tx`, that something happened in a cluster. Never waits for a running pass. */
  async announce(
    tx: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    reason: SignalReason,
    changes: readonly ShapeChange[] = [],
  ): Promise<void> {
    if (changes.length === 0) {
      await changesOf(
        tx,
        sql`insert into cluster_signals (organization_id, cluster_id, reason)
            values (${organizationId}, ${clusterId}, ${reason})`,
      );
      return;
    }
    await preparedRowsOf(
      tx,
      sql`insert into cluster_signals (organization_id, cluster_id, reason, ${shapeColumns()}, change)
          select ${organizationId}, ${clusterId}, ${reason}, *
          from unnest(${shapeArrays(changes)}, ${changes.map(({ change }) => change)}::int[])`,
    );
  }

  /**
   * Takes the signals of a cluster, oldest first, and adds their changes to the counts of its shapes. Call it under the cluster's row lock
   * and before reading what signals announce: a later commit leaves a signal of its own, and causes another pass.
   *
   * @param own changes by the pass itself, added together with the signals: the sum of either alone may be negative
   */
  async take(tx: EntityManager, cluster: ClusterRef, own: readonly ShapeChange[] = []): Promise<TakenSignals> {
    const rows = await rowsOf(
      tx,
      sql<ShapeChange & { reason: SignalReason; taken: number }>`
        with taken as (
          delete from cluster_signals
          where id in (
            select id from cluster_signals
            where cluster_id = ${cluster.clusterId} and reason <> ${REPAIR} order by id limit ${MAX_TAKEN}
          )
          returning *
        )
        select reason, ${selectShape()}, sum(change)::int as change, count(*)::int as taken
        from taken
        group by reason, ${shapeColumns()}`,
    );
    await this.shapes.apply(tx, cluster, [...rows, ...own]);
    return {
      reasons: [...new Set(rows.map(({ reason }) => reason))].sort(),
      isPartial: rows.reduce((sum, { taken }) => sum + taken, 0) >= MAX_TAKEN,
    };
  }

  /** Whether a cluster has signals that no pass has taken yet. */
  async areWaiting(em: EntityManager, clusterId: string): Promise<boolean> {
    const rows = await rowsOf(
      em,
      sql<{ found: number }>`
        select 1 as found from cluster_signals where cluster_id = ${clusterId} and reason <> ${REPAIR} limit 1`,
    );
    return rows.length > 0;
  }

  /** The clusters that have signals, for the sweep. The cost follows the signals, not the clusters. */
  async clustersWaiting(em: EntityManager): Promise<string[]> {
    const rows = await rowsOf(
      em,
      sql<{ id: string }>`select distinct cluster_id as id from cluster_signals where reason <> ${REPAIR} limit 10000`,
    );
    return rows.map(({ id }) => id);
  }

  /** Announces, as part of `tx`, that the ledger of a cluster is to be repaired. */
  async wantRepair(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<void> {
    await changesOf(
      tx,
      sql`insert into cluster_signals (organization_id, cluster_id, reason)
          values (${organizationId}, ${clusterId}, ${REPAIR})`,
    );
  }

  /** The clusters whose ledger is to be repaired. The cost follows the signals. */
  async repairsWanted(em: EntityManager): Promise<string[]> {
    const rows = await rowsOf(
      em,
      sql<{ id: string }>`select distinct cluster_id as id from cluster_signals where reason = ${REPAIR} limit 100`,
    );
    return rows.map(({ id }) => id);
  }

  /** Takes the request for a repair, under the cluster's row lock. @returns whether there was one */
  async takeRepair(tx: EntityManager, clusterId: string): Promise<boolean> {
    const count = await changesOf(
      tx,
      sql`delete from cluster_signals where cluster_id = ${clusterId} and reason = ${REPAIR}`,
    );
    return count > 0;
  }
}

/** SQL: whether a repair of the cluster in a column is requested and not done. */
export function isRepairWanted(clusterId: string): Fragment {
  return sql`exists (
    select 1 from cluster_signals signals where signals.cluster_id = ${sql.ref(clusterId)} and signals.reason = ${REPAIR})`;
}
