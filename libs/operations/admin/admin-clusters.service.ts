import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { ClusterErrors } from '#clusters';
import { Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { type Presentable } from '#http';
import { type ClusterRef, ClusterSignals, isRepairWanted, Nudges, queuedCount } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type InstalledClusterDto } from './admin-clusters.dto.js';

/** A cluster as operators see it. */
export type InstalledCluster = Presentable<InstalledClusterDto>;

/** Lists the clusters of all organizations, triggers passes and requests repairs, for operators. */
@Injectable()
export class AdminClustersService {
  constructor(
    private readonly database: Database,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
    private readonly audit: AuditLog,
  ) {}

  /** All clusters that are not deleted, newest first, after an id. */
  async list(take: number, after: string | undefined): Promise<InstalledCluster[]> {
    return this.read(after ?? null, null, take);
  }

  /**
   * Triggers a pass, as a change of the cluster does.
   *
   * @throws DomainError CLUSTERS.NOT_FOUND
   */
  async triggerPass(actor: Actor, clusterId: string): Promise<InstalledCluster> {
    const cluster = await this.find(clusterId);
    await this.request(actor, cluster, 'pass_request', (tx, ref) => this.signals.announce(tx, ref, 'cluster-changed'));
    this.nudges.nudge(clusterId);
    return cluster;
  }

  /**
   * Requests the repair of a ledger that has drifted. A worker does it, in a pass that places nothing: only passes write the ledger.
   *
   * @throws DomainError CLUSTERS.NOT_FOUND
   */
  async repair(actor: Actor, clusterId: string): Promise<InstalledCluster> {
    const cluster = await this.find(clusterId);
    await this.request(actor, cluster, 'ledger_repair_request', (tx, ref) => this.signals.wantRepair(tx, ref));
    return { ...cluster, isRepairWanted: true };
  }

  private async request(
    actor: Actor,
    { id: clusterId, organizationId, name }: InstalledCluster,
    action: string,
    announce: (tx: EntityManager, cluster: ClusterRef) => Promise<void>,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await announce(tx, { organizationId, clusterId });
      const target = { kind: 'cluster', id: clusterId, name };
      await this.audit.record(tx, { organizationId, ...auditedBy(actor), action, target });
    });
  }

  private async find(clusterId: string): Promise<InstalledCluster> {
    const [cluster] = await this.read(null, clusterId, 1);
    if (cluster === undefined) throw ClusterErrors.NOT_FOUND.because();
    return cluster;
  }

  private async read(after: string | null, only: string | null, take: number): Promise<InstalledCluster[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<InstalledCluster>`
        select c.id, c.organization_id as "organizationId", c.name, c.state, ${queuedCount('c.id')} as queued,
               (select count(*)::int from deployments d
                where d.cluster_id = c.id and (d.ended_at is not null or d.status = 'retrying') and d.released_at is null) as unsettled,
               (select p.finished_at from passes p where p.cluster_id = c.id order by p.id desc limit 1) as "lastPassAt",
               array(select f.law from ledger_findings f
                     where f.cluster_id = c.id and f.resolved_at is null order by f.law) as "brokenLaws",
               ${isRepairWanted('c.id')} as "isRepairWanted"
        from clusters c
        where c.deleted_at is null and (${after}::uuid is null or c.id < ${after}::uuid)
          and (${only}::uuid is null or c.id = ${only}::uuid)
        order by c.id desc limit ${take}`,
    );
    return rows.map((row) => ({ ...row, lastPassAt: rfc3339(row.lastPassAt) }));
  }
}
