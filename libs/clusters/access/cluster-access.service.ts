import { Injectable } from '@nestjs/common';

import { AuditLog, type AuditRecord } from '#audit';
import { type UserSchema } from '#auth';
import { constraintOf, Database, type EntityManager, exactlyOne, queries, type TablesOf } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type Cluster } from '../clusters/cluster.entity.js';
import { lockCluster, readCluster } from '../clusters/clusters.repository.js';
import { ClusterAccessGrant, type ClusterAccessSchema } from './cluster-access.entity.js';
import { ClusterErrors } from '../clusters.errors.js';

/** A member on the list of a cluster. */
export interface AccessView extends Pick<ClusterAccessGrant, 'userId' | 'grantedBy' | 'grantedAt'> {
  /** The same as `userId`, by which lists are paged. */
  readonly id: string;
  readonly username: string;
}

/** The lists of members who see restricted clusters. A list can be made before its cluster is restricted, and outlives its opening. */
@Injectable()
export class ClusterAccessService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** The members on the list in the order of their ids, after the one that is named. @throws CLUSTERS.NOT_FOUND */
  async list(
    actor: Actor,
    cluster: ClusterRef,
    take: number,
    after: string | undefined,
  ): Promise<readonly AccessView[]> {
    const em = this.database.reader();
    await readCluster(em, actor, cluster);
    return readList(em, cluster.clusterId, { take, after });
  }

  /** Puts a member on the list, once. @throws CLUSTERS.NOT_FOUND, CLUSTERS.MEMBER_NOT_FOUND */
  async grant(actor: Actor, { organizationId, clusterId }: ClusterRef, userId: string): Promise<AccessView> {
    return this.database.transaction(async (tx) => {
      const cluster = await lockCluster(tx, actor, { organizationId, clusterId });
      if (await insert(tx, { organizationId, clusterId, userId, grantedBy: actor.id })) {
        await this.record(tx, actor, { organizationId, action: 'cluster_access_grant' }, cluster, userId);
      }
      return exactlyOne(await readList(tx, clusterId, { take: 1, userId }));
    });
  }

  /** Takes a member off the list. @throws CLUSTERS.NOT_FOUND, CLUSTERS.ACCESS_NOT_FOUND */
  async revoke(actor: Actor, { organizationId, clusterId }: ClusterRef, userId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const cluster = await lockCluster(tx, actor, { organizationId, clusterId });
      const removed = await tx.nativeDelete(ClusterAccessGrant, { clusterId, userId });
      if (removed === 0) throw ClusterErrors.ACCESS_NOT_FOUND.because();
      await this.record(tx, actor, { organizationId, action: 'cluster_access_revoke' }, cluster, userId);
    });
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    entry: Pick<AuditRecord, 'organizationId' | 'action'>,
    { id, name }: Cluster,
    userId: string,
  ): Promise<void> {
    await this.audit.record(tx, {
      ...entry,
      ...auditedBy(actor),
      target: { kind: 'cluster', id, name },
      after: { userId },
    });
  }
}

/** @returns false when the member is on the list already. @throws CLUSTERS.MEMBER_NOT_FOUND */
async function insert(
  tx: EntityManager,
  entry: { organizationId: string; clusterId: string; userId: string; grantedBy: string },
): Promise<boolean> {
  if ((await tx.count(ClusterAccessGrant, { clusterId: entry.clusterId, userId: entry.userId })) > 0) return false;
  tx.create(ClusterAccessGrant, entry);
  try {
    await tx.flush();
    return true;
  } catch (error) {
    if (constraintOf(error) === 'cluster_access_member_fkey') throw ClusterErrors.MEMBER_NOT_FOUND.because();
    throw error;
  }
}

/** The members on the list of a cluster in the order of their ids, after the one that is named; or one of them. */
async function readList(
  em: EntityManager,
  clusterId: string,
  { take, after, userId }: { readonly take: number; readonly after?: string | undefined; readonly userId?: string },
): Promise<AccessView[]> {
  let query = queries<TablesOf<typeof ClusterAccessSchema | typeof UserSchema>>(em)
    .selectFrom('cluster_access as a')
    .innerJoin('users as u', 'u.id', 'a.user_id')
    .select(['a.user_id as id', 'a.user_id as userId', 'u.username'])
    .select(['a.granted_by as grantedBy', 'a.granted_at as grantedAt'])
    .where('a.cluster_id', '=', clusterId);
  if (userId !== undefined) query = query.where('a.user_id', '=', userId);
  if (after !== undefined) query = query.where('a.user_id', '>', after);
  return query.orderBy('a.user_id').limit(take).execute();
}
