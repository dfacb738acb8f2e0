import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database, type EntityManager } from '#database';
import { Nudges, type ClusterRef } from '#queue';
import { type Actor, auditedBy } from '#rbac';

import { type Cluster } from './cluster.entity.js';
import { countQueued, lockCluster, lockKey } from './clusters.repository.js';
import { ClusterErrors } from '../clusters.errors.js';
import { QueuedDeployments } from './queued-deployments.js';
import { toResources } from '../capacity/resources.dto.js';

/** The most deployments that one transaction cancels, so that no other session waits long for its locks. */
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
  async delete(actor: Actor, ref: ClusterRef): Promise<void> {
    let isDeleted = false;
    while (!isDeleted) {
      isDeleted = await this.database.transaction((tx) => this.step(tx, actor, ref));
      this.nudges.nudge(ref.clusterId);
    }
  }

  private async step(tx: EntityManager, actor: Actor, ref: ClusterRef): Promise<boolean> {
    const cluster = await lockCluster(tx, actor, ref);
    if ((await this.assertRemovable(tx, cluster)) > 0) {
      await this.queued.cancelSome(tx, actor, ref, CANCEL_AT_ONCE);
      return false;
    }
    // Submissions lock the key of the cluster that they have read: after this lock their deployments can be counted, and later submissions
    // find the cluster deleted.
    await lockKey(tx, cluster);
    if ((await this.assertRemovable(tx, cluster)) > 0) return false;
    const { name, state } = cluster;
    cluster.delete();
    await this.audit.record(tx, {
      organizationId: ref.organizationId,
      ...auditedBy(actor),
      action: 'cluster_delete',
      target: { kind: 'cluster', id: ref.clusterId, name },
      before: { name, state, ...cluster.capacity().toAmounts() },
    });
    return true;
  }

  /** @returns the number of deployments that wait, or will, and must be cancelled first. @throws CLUSTERS.NOT_EMPTY */
  private async assertRemovable(tx: EntityManager, cluster: Cluster): Promise<number> {
    const { organizationId, id: clusterId, state } = cluster;
    const queued = await countQueued(tx, cluster);
    const retrying = await this.queued.countRetrying(tx, { organizationId, clusterId });
    const allocated = cluster.allocated();
    const waiting = queued + retrying;
    if (!allocated.isZero() || (waiting > 0 && state !== 'draining')) {
      throw ClusterErrors.NOT_EMPTY.because(undefined, { state, allocated: toResources(allocated), queued, retrying });
    }
    return waiting;
  }
}
