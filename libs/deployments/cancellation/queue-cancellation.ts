import { Injectable } from '@nestjs/common';

import { QueuedDeployments } from '#clusters';
import { changesOf, type EntityManager, preferIndexes, rowsOf, selectShape, shapeColumns, sql } from '#database';
import { type ClusterRef, ClusterSignals, type ShapeChange } from '#queue';
import { type Actor } from '#rbac';

/** Empties the queue of a cluster that is deleted. */
@Injectable()
export class QueueCancellation extends QueuedDeployments {
  constructor(private readonly signals: ClusterSignals) {
    super();
  }

  override async cancelSome(tx: EntityManager, actor: Actor, cluster: ClusterRef, limit: number): Promise<number> {
    await preferIndexes(tx);
    const queued = await this.cancelQueued(tx, actor, cluster, limit);
    return queued + (queued < limit ? await this.cancelRetrying(tx, actor, cluster, limit - queued) : 0);
  }

  override async countRetrying(tx: EntityManager, { organizationId, clusterId }: ClusterRef): Promise<number> {
    const [row] = await rowsOf(
      tx,
      sql<{ count: number }>`
        select count(*)::int as count from deployments
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and status = 'retrying'`,
    );
    return row?.count ?? 0;
  }

  private async cancelQueued(tx: EntityManager, actor: Actor, cluster: ClusterRef, limit: number): Promise<number> {
    const { organizationId, clusterId } = cluster;
    const changes = await rowsOf(
      tx,
      sql<ShapeChange>`
        with chosen as materialized (
          select organization_id, id from deployments
          where cluster_id = ${clusterId} and status = 'queued'
          order by cluster_id, ${shapeColumns()}, queued_at, id
          limit ${limit} for no key update
        ), cancelled as (
          update deployments d
          set status = 'cancelled', version = version + 1, due_at = null,
              ended_at = greatest(statement_timestamp(), queued_at), released_at = greatest(statement_timestamp(), queued_at)
          from chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id and d.status = 'queued'
          returning d.*
        ), events as (
          insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status,
                                         to_status, cause, actor_id, at)
          select ${organizationId}, id, version, cluster_id, attempt, 'queued', status, 'cluster-deleted', ${actor.id}, ended_at
          from cancelled
        )
        select ${selectShape()}, -count(*)::int as change from cancelled group by ${shapeColumns()}`,
    );
    if (changes.length > 0) await this.signals.announce(tx, cluster, 'cancelled', changes);
    return changes.reduce((sum, { change }) => sum - change, 0);
  }

  /** Those that are between two attempts: no shape waits less, and what they held is back, since nothing is allocated any more. */
  private async cancelRetrying(
    tx: EntityManager,
    actor: Actor,
    { organizationId, clusterId }: ClusterRef,
    limit: number,
  ): Promise<number> {
    return changesOf(
      tx,
      sql`
        with chosen as materialized (
          select organization_id, id from deployments
          where cluster_id = ${clusterId} and status = 'retrying'
          order by id limit ${limit} for no key update
        ), cancelled as (
          update deployments d
          set status = 'cancelled', version = version + 1, due_at = null,
              ended_at = greatest(statement_timestamp(), released_at, scheduled_at)
          from chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id and d.status = 'retrying'
          returning d.*
        )
        insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status,
                                       to_status, cause, actor_id, at)
        select ${organizationId}, id, version, cluster_id, attempt, 'retrying', status, 'cluster-deleted', ${actor.id}, ended_at
        from cancelled`,
    );
  }
}
