import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, exactlyOne, firstIdAfter, rowsOf, sql } from '#database';
import { byteChange } from '#organizations';
import { type ClusterRef } from '#queue';

/**
 * Removes deployments that ended long ago. Called by `ledger` after it has closed their entries: the database refuses the removal of entries
 * whose deployment exists, and of a deployment whose entries are not closed.
 */
@Injectable()
export class DeploymentRetention {
  /**
   * Chooses and locks deployments of a cluster that ended `olderThanDays` ago and whose resources are released, by id, after a given one.
   * Skips locked rows.
   *
   * Ids grow with the time of submission: the recent deployments of a cluster are not read.
   */
  async choose(
    tx: EntityManager,
    { organizationId, clusterId }: ClusterRef,
    { olderThanDays, after, limit }: { readonly olderThanDays: number; readonly after: string; readonly limit: number },
  ): Promise<string[]> {
    const rows = await rowsOf(
      tx,
      sql<{ id: string }>`
        select id from deployments
        where organization_id = ${organizationId} and cluster_id = ${clusterId} and id > ${after}
          and id < ${firstIdAfter(sql`interval '1 day' * ${olderThanDays}::int`)}
          and ended_at < now() - interval '1 day' * ${olderThanDays}::int and released_at is not null
        order by organization_id, cluster_id, id limit ${limit} for update skip locked`,
    );
    return rows.map(({ id }) => id);
  }

  /** Removes deployments that were chosen in this transaction. Their events go first, in one statement: the horizon of events moves once. */
  async remove(tx: EntityManager, { organizationId, clusterId }: ClusterRef, ids: readonly string[]): Promise<number> {
    await changesOf(
      tx,
      sql`
        with chosen as materialized (
          select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as chosen (id)
        )
        delete from deployment_events e using chosen
        where e.organization_id = chosen.organization_id and e.deployment_id = chosen.id and e.cluster_id = ${clusterId}`,
    );
    const rows = await rowsOf(
      tx,
      sql<{ count: number }>`
        with chosen as materialized (
          select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as chosen (id)
        ), removed as (
          delete from deployments d using chosen
          where d.organization_id = chosen.organization_id and d.id = chosen.id and d.cluster_id = ${clusterId}
          returning d.stored_bytes
        ), bytes as (
          ${byteChange(organizationId, sql`-sum(stored_bytes)`, sql`removed`)}
        )
        select count(*)::int as count from removed`,
    );
    return exactlyOne(rows).count;
  }
}
