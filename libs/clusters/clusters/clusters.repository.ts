import { type EntityManager, exactlyOne, lockedEntity, queries, sql, type TablesOf } from '#database';
import { queuedCount, type QueuedByPriority, queuedByPriority, type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { ClusterErrors } from '../clusters.errors.js';
import { type ClusterAmounts } from './cluster-amounts.js';
import { visibleClusters } from './cluster-visibility.js';
import { Cluster, type ClusterSchema } from './cluster.entity.js';

/** A cluster as an actor sees it. */
export interface ClusterView
  extends ClusterAmounts, Pick<Cluster, 'id' | 'organizationId' | 'name' | 'state' | 'access' | 'policy'> {
  /** Raised by every edit. */
  readonly version: number;
  readonly createdAt: string;
  /** Deployments that wait in its queue, highest priority first. */
  readonly queuedByPriority: readonly QueuedByPriority[];
  /** The number of deployments between two attempts, which will wait again. */
  readonly retrying: number;
}

/** Which clusters to read: one, or a page, newest first, after the one that is named. */
export type ClusterChoice = { readonly id: string } | { readonly take: number; readonly after: string | undefined };

const db = (em: EntityManager) => queries<TablesOf<typeof ClusterSchema>>(em);

/** The clusters of an organization that an actor sees; no deleted ones. */
export async function readClusters(
  em: EntityManager,
  actor: Actor,
  organizationId: string,
  choice: ClusterChoice,
): Promise<ClusterView[]> {
  let query = db(em)
    .selectFrom('clusters as c')
    .selectAll('c')
    .select([
      sql<readonly QueuedByPriority[]>`${queuedByPriority('c.id')}`.as('queued_by_priority'),
      sql<number>`(
        select count(*)::int from deployments d
        where d.organization_id = c.organization_id and d.cluster_id = c.id and d.status = 'retrying')`.as('retrying'),
    ])
    .where('c.organization_id', '=', organizationId)
    .where('c.deleted_at', 'is', null)
    .where(visibleClusters(actor, organizationId, 'c.id'))
    .orderBy('c.id', 'desc');
  if ('id' in choice) query = query.where('c.id', '=', choice.id);
  else query = query.limit(choice.take);
  if ('after' in choice && choice.after !== undefined) query = query.where('c.id', '<', choice.after);
  const rows = await query.execute();
  return rows.map(({ queued_by_priority: queued, retrying, ...row }) => {
    const cluster = em.map(Cluster, row);
    const { id, name, state, access, policy, version, createdAt } = cluster;
    return {
      ...{ id, organizationId, name, state, access, policy, version, createdAt, queuedByPriority: queued, retrying },
      ...{ capacity: cluster.capacity(), pendingCapacity: cluster.pendingCapacity(), allocated: cluster.allocated() },
    };
  });
}

/** One cluster. @throws CLUSTERS.NOT_FOUND when it does not exist, was deleted, or is not visible to the actor */
export async function readCluster(
  em: EntityManager,
  actor: Actor,
  { organizationId, clusterId: id }: ClusterRef,
): Promise<ClusterView> {
  const [cluster] = await readClusters(em, actor, organizationId, { id });
  if (cluster === undefined) throw ClusterErrors.NOT_FOUND.because();
  return cluster;
}

/**
 * Locks a cluster for a change. Waits for a pass that runs there, and not for submissions.
 *
 * @throws CLUSTERS.NOT_FOUND when it does not exist, was deleted, or is not visible to the actor
 */
export async function lockCluster(
  tx: EntityManager,
  actor: Actor,
  { organizationId, clusterId }: ClusterRef,
): Promise<Cluster> {
  const query = db(tx)
    .selectFrom('clusters')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('id', '=', clusterId)
    .where('deleted_at', 'is', null)
    .where(visibleClusters(actor, organizationId, 'clusters.id'));
  const cluster = await lockedEntity(tx, Cluster, query);
  if (cluster === undefined) throw ClusterErrors.NOT_FOUND.because();
  return cluster;
}

/** Locks the key of a locked cluster too: waits for the submissions that have read it. */
export async function lockKey(tx: EntityManager, { id }: Cluster): Promise<void> {
  await db(tx).selectFrom('clusters').select('id').where('id', '=', id).forUpdate().execute();
}

/** The number of deployments in the queue of a cluster. */
export async function countQueued(tx: EntityManager, { id }: Cluster): Promise<number> {
  const query = db(tx)
    .selectFrom('clusters as c')
    .select(sql<number>`${queuedCount('c.id')}`.as('queued'));
  return exactlyOne(await query.where('c.id', '=', id).execute()).queued;
}
