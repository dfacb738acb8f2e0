import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, firstIdAfter, rowsOf, sql } from '#database';

/** A cluster, and whose it is. */
export interface ClusterOf {
  readonly organizationId: string;
  readonly clusterId: string;
}

/**
 * Removes deployments that have ended long ago. Only the scheduler asks for it, when it has closed what its ledger says of them: entries
 * whose deployment exists cannot go, and those of a deployment that goes must have been closed before. Both are the database's word.
 */
@Injectable()
export class DeploymentRetention {
  /**
   * Chooses deployments of a cluster whose end is so many days ago and whose resources have come back, by id from after one on, and locks
   * them. What somebody else holds just now is left for another time.
   *
   * Ids grow with the time of submission, so that the young part of a cluster's deployments is not read.
   */
  async choose(
    tx: EntityManager,
    { organizationId, clusterId }: ClusterOf,
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

  /** Removes deployments that were chosen in this transaction, with their events: first and at once, so that the gap is noted once. */
  async remove(tx: EntityManager, { organizationId, clusterId }: ClusterOf, ids: readonly string[]): Promise<number> {
    await changesOf(
      tx,
      sql`
        with chosen as materialized (
          select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as chosen (id)
        )
        delete from deployment_events e using chosen
        where e.organization_id = chosen.organization_id and e.deployment_id = chosen.id and e.cluster_id = ${clusterId}`,
    );
    return changesOf(
      tx,
      sql`
        with chosen as materialized (
          select ${organizationId}::uuid as organization_id, id from unnest(${[...ids]}::uuid[]) as chosen (id)
        )
        delete from deployments d using chosen
        where d.organization_id = chosen.organization_id and d.id = chosen.id and d.cluster_id = ${clusterId}`,
    );
  }
}
