import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { changesOf, Database, type EntityManager, rowsOf, sql } from '#database';
import { Nudges, queuedCount } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type EditableCluster, lockCluster } from './clusters.repository.js';
import { ClusterErrors } from '../clusters.errors.js';
import { QueuedDeployments } from './queued-deployments.js';
import { toResources } from '../capacity/resources.dto.js';

/** The most deployments that one transaction cancels, so that nobody waits long for what it locks. */
const CANCEL_AT_ONCE = 5_000;

/** Deletes clusters that are empty, or drained. */
@Injectable()
export class ClusterRemoval {
  constructor(
    private readonly database: Database,
    private readonly nudges: Nudges,
    private readonly audit: AuditLog,
    private readonly queued: QueuedDeployments,
  ) {}

  /**
   * Deletes a cluster in which nothing is allocated and nothing waits. Where a drained one still has a queue, its deployments are cancelled
   * first, in steps of a transaction each: when that is interrupted, the cluster goes on draining, and deleting it again goes on from there.
   *
   * Its history stays; its name is free.
   *
   * @throws CLUSTERS.NOT_FOUND, CLUSTERS.NOT_EMPTY with the numbers
   */
  async delete(actor: Actor, organizationId: string, clusterId: string): Promise<void> {
    let isDeleted = false;
    while (!isDeleted) {
      isDeleted = await this.database.transaction((tx) => this.step(tx, actor, organizationId, clusterId));
      this.nudges.nudge(clusterId);
    }
  }

  private async step(tx: EntityManager, actor: Actor, organizationId: string, clusterId: string): Promise<boolean> {
    const cluster = await lockCluster(tx, actor, organizationId, clusterId);
    if ((await this.assertRemovable(tx, organizationId, cluster)) > 0) {
      await this.queued.cancelSome(tx, actor, { organizationId, clusterId }, CANCEL_AT_ONCE);
      return false;
    }
    // Submissions that have read the cluster hold its key: after this lock they are all there to be seen, and later ones see what we do.
    await lockCluster(tx, actor, organizationId, clusterId, 'update');
    if ((await this.assertRemovable(tx, organizationId, cluster)) > 0) return false;
    await changesOf(
      tx,
      sql`update clusters set deleted_at = statement_timestamp(), version = version + 1
          where organization_id = ${organizationId} and id = ${clusterId}`,
    );
    await this.audit.record(tx, {
      organizationId,
      ...auditedBy(actor),
      action: 'cluster_delete',
      target: { kind: 'cluster', id: clusterId, name: cluster.name },
      before: { name: cluster.name, state: cluster.state, ...cluster.capacity.toAmounts() },
    });
    return true;
  }

  /** @returns how many wait, or will, and must be cancelled first. @throws CLUSTERS.NOT_EMPTY */
  private async assertRemovable(
    tx: EntityManager,
    organizationId: string,
    { id, state, allocated }: EditableCluster,
  ): Promise<number> {
    const [row] = await rowsOf(
      tx,
      sql<{ queued: number }>`select ${queuedCount('c.id')} as queued from clusters c where c.id = ${id}`,
    );
    const queued = row?.queued ?? 0;
    const retrying = await this.queued.countRetrying(tx, { organizationId, clusterId: id });
    const waiting = queued + retrying;
    if (!allocated.isZero() || (waiting > 0 && state !== 'draining')) {
      throw ClusterErrors.NOT_EMPTY.because(undefined, { state, allocated: toResources(allocated), queued, retrying });
    }
    return waiting;
  }
}
