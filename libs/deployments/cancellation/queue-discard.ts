import { Injectable } from '@nestjs/common';

import { QueuedDeployments } from '#clusters';
import { type EntityManager, exactlyOne, preferIndexes, rowsOf, selectShape, shapeColumns, sql } from '#database';
import { type ClusterRef, ClusterSignals, type ShapeChange } from '#queue';
import { type Actor } from '#rbac';

import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

/** Cancels the queue of a cluster that is deleted. */
@Injectable()
export class QueueDiscard extends QueuedDeployments {
  constructor(private readonly signals: ClusterSignals) {
    super();
  }

  override async cancelSome(tx: EntityManager, actor: Actor, cluster: ClusterRef, limit: number): Promise<number> {
    await preferIndexes(tx);
    const queued = await discard(tx, actor, cluster, 'queued', limit);
    if (queued.length > 0) await this.signals.announce(tx, cluster, 'cancelled', queued);
    const count = countOf(queued);
    // Deployments between two attempts are in no count of the queue, and hold nothing: nothing is allocated any more.
    return count < limit ? count + countOf(await discard(tx, actor, cluster, 'retrying', limit - count)) : count;
  }

  override async countRetrying(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<number> {
    const rows = await rowsOf(
      tx,
      sql<{ count: number }>`
        select count(*)::int as count from deployments
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and status = 'retrying'`,
    );
    return exactlyOne(rows).count;
  }
}

function countOf(changes: readonly ShapeChange[]): number {
  return changes.reduce((sum, { change }) => sum - change, 0);
}

/** The first deployments of each status by its partial index, with the time that their end cannot precede. */
const DISCARDED = {
  queued: { order: sql`cluster_id, ${shapeColumns()}, queued_at, id`, notBefore: sql`queued_at` },
  retrying: { order: sql`id`, notBefore: sql`greatest(released_at, scheduled_at)` },
};

/** @returns by how many the queue changes, by shape */
async function discard(
  tx: EntityManager,
  actor: Actor,
  { clusterId }: ClusterRef,
  status: keyof typeof DISCARDED,
  limit: number,
): Promise<ShapeChange[]> {
  const { order, notBefore } = DISCARDED[status];
  const from = sql.lit(status);
  const columns = { ...causedBy(TRANSITIONS.discard), from_status: from, actor_id: sql`${actor.id}::uuid` };
  return rowsOf(
    tx,
    sql<ShapeChange>`
      with chosen as materialized (
        select organization_id, id from deployments
        where cluster_id = ${clusterId} and status = ${from}
        order by ${order} limit ${limit} for no key update
      ), cancelled as (
        update deployments d
        set status = ${TRANSITIONS.discard.to}, version = version + 1, due_at = null,
            ended_at = greatest(statement_timestamp(), ${notBefore}),
            released_at = case d.status when 'queued' then greatest(statement_timestamp(), queued_at) else released_at end
        from chosen
        where d.organization_id = chosen.organization_id and d.id = chosen.id and d.status = ${from}
        returning d.*
      ), events as (${eventsOf('cancelled', { ...columns, at: sql`ended_at` })})
      select ${selectShape()}, -count(*)::int as change from cancelled group by ${shapeColumns()}`,
  );
}
