import { Global, Injectable, Module } from '@nestjs/common';

import { changesOf, type EntityManager, rowsOf, sql } from '#database';
import { OrganizationClosing, type RemainingWork } from '#organizations';
import { queuedCount } from '#queue';

/** Clusters that a refusal names. */
const MAX_NAMED = 20;

/** Tells organizations whether deployments stand in the way of a deletion, and keeps new ones out. */
@Injectable()
export class DeploymentsClosing extends OrganizationClosing {
  override async close(tx: EntityManager, organizationId: string): Promise<RemainingWork> {
    // 1. Hold the clusters, key and all: submissions that have begun are waited for and seen below; later ones wait for us. In the order
    //    of their ids, as everybody does who holds several.
    await rowsOf(
      tx,
      sql`select 1 from clusters where organization_id = ${organizationId} and deleted_at is null order by id for update`,
    );

    // 2. From the commit on they take nothing. Submissions read the state under the same lock.
    await changesOf(
      tx,
      sql`update clusters set state = 'draining', version = version + 1
          where organization_id = ${organizationId} and deleted_at is null and state <> 'draining'`,
    );

    // 3. What waits is counted, what holds resources shows in `allocated`.
    const busy = await rowsOf(
      tx,
      sql<{ id: string; queued: number }>`
        select busy.id, busy.queued
        from (select c.id, ${queuedCount('c.id')} as queued,
                     greatest(c.allocated_cpu_millis, c.allocated_memory_mib, c.allocated_gpu_millis) > 0 as "isAllocated"
              from clusters c where c.organization_id = ${organizationId}) busy
        where busy.queued > 0 or busy."isAllocated"
        order by busy.id`,
    );

    // 4. Neither waiting nor holding, and still not over: between two attempts. Rare, and the one thing that only the rows themselves tell.
    const unfinished = busy.length > 0 ? busy : await clustersWithUnfinished(tx, organizationId);
    return {
      queued: busy.reduce((sum, { queued }) => sum + queued, 0),
      clusters: unfinished.length,
      clusterIds: unfinished.slice(0, MAX_NAMED).map(({ id }) => id),
    };
  }
}

async function clustersWithUnfinished(tx: EntityManager, organizationId: string): Promise<{ readonly id: string }[]> {
  return rowsOf(
    tx,
    sql<{ id: string }>`
      select c.id from clusters c
      where c.organization_id = ${organizationId}
        and exists (select 1 from deployments d
                    where d.organization_id = c.organization_id and d.cluster_id = c.id and d.ended_at is null)
      order by c.id`,
  );
}

/** Answers what organizations ask of deployments. Global, because those who ask stand above. */
@Global()
@Module({
  providers: [{ provide: OrganizationClosing, useClass: DeploymentsClosing }],
  exports: [OrganizationClosing],
})
export class OrganizationWorkModule {}
