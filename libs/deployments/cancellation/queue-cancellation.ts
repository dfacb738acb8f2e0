import { Injectable } from '@nestjs/common';

import { QueuedDeployments } from '#clusters';
import {
  changesOf,
  type EntityManager,
  type Fragment,
  preferIndexes,
  rowsOf,
  selectShape,
  shapeColumns,
  sql,
} from '#database';
import { type ClusterRef, ClusterSignals, type ShapeChange } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentStatus } from '../states/deployment-status.js';
import { causedBy, eventsOf } from '../states/transition-sql.js';
import { TRANSITIONS } from '../states/transitions.js';

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
    const { clusterId } = cluster;
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
          set status = ${TRANSITIONS.discard.to}, version = version + 1, due_at = null,
              ended_at = greatest(statement_timestamp(), queued_at), released_at = greatest(statement_timestamp(), queued_at)
          from chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id and d.status = 'queued'
          returning d.*
        ), events as (
          ${discarded('queued', actor)}
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
    { clusterId }: ClusterRef,
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
          set status = ${TRANSITIONS.discard.to}, version = version + 1, due_at = null,
              ended_at = greatest(statement_timestamp(), released_at, scheduled_at)
          from chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id and d.status = 'retrying'
          returning d.*
        )
        ${discarded('retrying', actor)}`,
    );
  }
}

function discarded(status: DeploymentStatus, actor: Actor): Fragment {
  return eventsOf('cancelled', {
    ...causedBy(TRANSITIONS.discard),
    from_status: sql.lit(status),
    actor_id: sql`${actor.id}::uuid`,
    at: sql`ended_at`,
  });
}
