import { Injectable } from '@nestjs/common';

import { AuditLog, type AuditRecord } from '#audit';
import { changesOf, constraintOf, Database, type EntityManager, type Fragment, rfc3339, rowsOf, sql } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { type EditableCluster, lockCluster, readCluster } from '../clusters/clusters.repository.js';
import { ClusterErrors } from '../clusters.errors.js';

/** A member on the list of a cluster. */
export interface AccessView {
  /** The member. */
  readonly id: string;
  readonly username: string;
  readonly grantedBy: string;
  readonly grantedAt: string;
}

/** The lists of members who see restricted clusters. A list can be made before its cluster is restricted, and outlives its opening. */
@Injectable()
export class ClusterAccessService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** Who is on the list, by their ids, from after an id on. @throws CLUSTERS.NOT_FOUND */
  async list(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    take: number,
    after: string | undefined,
  ): Promise<readonly AccessView[]> {
    const em = this.database.reader();
    await readCluster(em, actor, organizationId, clusterId);
    return readList(
      em,
      clusterId,
      sql`${after === undefined ? sql`` : sql`and a.user_id > ${after}`} order by a.user_id limit ${take}`,
    );
  }

  /** Puts a member on the list. Who is on it stays on it. @throws CLUSTERS.NOT_FOUND, CLUSTERS.MEMBER_NOT_FOUND */
  async grant(actor: Actor, organizationId: string, clusterId: string, userId: string): Promise<AccessView> {
    return this.database.transaction(async (tx) => {
      const cluster = await lockCluster(tx, actor, organizationId, clusterId);
      if (await insert(tx, { organizationId, clusterId, userId, grantedBy: actor.id })) {
        await this.record(tx, actor, { organizationId, action: 'cluster_access_grant' }, cluster, userId);
      }
      const [entry] = await readList(tx, clusterId, sql`and a.user_id = ${userId}`);
      if (entry === undefined) throw new Error('a member was put on a list and not found there');
      return entry;
    });
  }

  /** Takes a member off the list. @throws CLUSTERS.NOT_FOUND, CLUSTERS.ACCESS_NOT_FOUND */
  async revoke(actor: Actor, organizationId: string, clusterId: string, userId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const cluster = await lockCluster(tx, actor, organizationId, clusterId);
      const removed = await changesOf(
        tx,
        sql`delete from cluster_access where cluster_id = ${clusterId} and user_id = ${userId}`,
      );
      if (removed === 0) throw ClusterErrors.ACCESS_NOT_FOUND.because();
      await this.record(tx, actor, { organizationId, action: 'cluster_access_revoke' }, cluster, userId);
    });
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    entry: Pick<AuditRecord, 'organizationId' | 'action'>,
    { id, name }: EditableCluster,
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
  try {
    const inserted = await changesOf(
      tx,
      sql`insert into cluster_access (organization_id, cluster_id, user_id, granted_by, granted_at)
          values (${entry.organizationId}, ${entry.clusterId}, ${entry.userId}, ${entry.grantedBy}, statement_timestamp())
          on conflict do nothing`,
    );
    return inserted > 0;
  } catch (error) {
    if (constraintOf(error) === 'cluster_access_member_fkey') throw ClusterErrors.MEMBER_NOT_FOUND.because();
    throw error;
  }
}

async function readList(em: EntityManager, clusterId: string, rest: Fragment): Promise<AccessView[]> {
  const rows = await rowsOf(
    em,
    sql<AccessView>`
      select a.user_id as id, u.username, a.granted_by as "grantedBy", a.granted_at as "grantedAt"
      from cluster_access a join users u on u.id = a.user_id
      where a.cluster_id = ${clusterId} ${rest}`,
  );
  return rows.map((row) => ({ ...row, grantedAt: rfc3339(row.grantedAt) }));
}
