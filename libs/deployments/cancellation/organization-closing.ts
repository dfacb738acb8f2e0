import { Global, Injectable, Module } from '@nestjs/common';

import { changesOf, type EntityManager, rowsOf, sql } from '#database';
import { OrganizationClosing, type RemainingWork } from '#organizations';
import { queuedCount } from '#queue';

/** Clusters that a refusal names. */
const MAX_NAMED = 20;

/** Finds deployments that prevent the deletion of an organization, and keeps new ones out. */
@Injectable()
export class DeploymentsClosing extends OrganizationClosing {
  override async close(tx: EntityManager, organizationId: string): Promise<RemainingWork> {
    // 1. Lock the clusters, key and all: submissions that have begun are waited for and counted below; later ones wait. By id, as every
    //    transaction that locks several clusters does.
    await rowsOf(
      tx,
      sql`select 1 from clusters where organization_id = ${organizationId} and deleted_at is null order by id for update`,
    );

    // 2. From the commit on they refuse submissions, which read the state under the same lock.
    await changesOf(
      tx,
      sql`update clusters set state = 'draining', version = version + 1
          where organization_id = ${organizationId} and deleted_at is null and state <> 'draining'`,
    );

    // 3. Queued deployments are counted, those that hold resources show in `allocated`. Deployments between two attempts show in their rows
    //    alone, which are read where nothing else was found.
    const busy = await clustersWith(
      tx,
      organizationId,
      sql`queued > 0 or greatest(c.allocated_cpu_millis, c.allocated_memory_mib, c.allocated_gpu_millis) > 0`,
    );
    const unfinished = sql`exists (select 1 from deployments d
      where d.organization_id = c.organization_id and d.cluster_id = c.id and d.ended_at is null)`;
    const found = busy.length > 0 ? busy : await clustersWith(tx, organizationId, unfinished);
    return {
      queued: found.reduce((sum, { queued }) => sum + queued, 0),
      clusters: found.length,
      clusterIds: found.slice(0, MAX_NAMED).map(({ id }) => id),
    };
  }
}

async function clustersWith(
  tx: EntityManager,
  organizationId: string,
  condition: ReturnType<typeof sql>,
): Promise<{ readonly id: string; readonly queued: number }[]> {
  return rowsOf(
    tx,
    sql<{ id: string; queued: number }>`
      select c.id, queued from clusters c cross join lateral (select ${queuedCount('c.id')} as queued) counted
      where c.organization_id = ${organizationId} and (${condition})
      order by c.id`,
  );
}

/** Implements the port of organizations. Global: organizations cannot import this lib. */
@Global()
@Module({
  providers: [{ provide: OrganizationClosing, useClass: DeploymentsClosing }],
  exports: [OrganizationClosing],
})
export class OrganizationClosingModule {}
