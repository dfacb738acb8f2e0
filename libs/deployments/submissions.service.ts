import { Injectable } from '@nestjs/common';

import { type AdmittingCluster, ClusterDoor } from '#clusters';
import { Database, type EntityManager } from '#database';
import { ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentView } from './deployment-view.js';
import { DeploymentErrors } from './deployments.errors.js';
import { QueueLimit } from './queue-limit.js';
import {
  checkOrder,
  type DeploymentOrder,
  insertManyQueued,
  insertQueued,
  nameTaken,
  shapeChanges,
} from './submission.js';

/** Puts deployments into queues. */
@Injectable()
export class SubmissionsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterDoor,
    private readonly queueLimit: QueueLimit,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Puts a deployment into the queue of a cluster.
   *
   * @throws CLUSTERS.NOT_FOUND, DEPLOYMENTS.CLUSTER_DRAINING, DEPLOYMENTS.CLUSTER_DELETED, DEPLOYMENTS.QUEUE_LIMIT_REACHED,
   *   DEPLOYMENTS.NAME_TAKEN, and what {@link checkOrder} throws
   */
  async submit(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    order: DeploymentOrder,
  ): Promise<DeploymentView> {
    const deployment = await this.database.transaction(async (tx) => {
      const cluster = await this.admit(tx, actor, organizationId, clusterId, 1);
      checkOrder(order, cluster);
      const inserted = await insertQueued(tx, cluster, actor.id, order);
      await this.signals.announce(tx, { organizationId, clusterId }, 'submitted', shapeChanges([order], 1));
      return inserted;
    });
    this.nudges.nudge(clusterId);
    return deployment;
  }

  /** Puts deployments into the queue of a cluster: all of them, or none when one is refused. */
  async submitBatch(
    actor: Actor,
    organizationId: string,
    clusterId: string,
    orders: readonly DeploymentOrder[],
  ): Promise<{ readonly id: string }[]> {
    const results = await this.database.transaction(async (tx) => {
      const cluster = await this.admit(tx, actor, organizationId, clusterId, orders.length);
      orders.forEach((order, index) => checkOrder(order, cluster, `/deployments/${index}`));
      const ids = await insertManyQueued(tx, cluster, actor.id, orders);
      await this.signals.announce(tx, { organizationId, clusterId }, 'submitted', shapeChanges(orders, 1));
      return orders.map((order, index) => {
        const id = ids[index];
        if (id === undefined) throw nameTaken(order, `/deployments/${index}`);
        return { id };
      });
    });
    this.nudges.nudge(clusterId);
    return results;
  }

  private async admit(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    clusterId: string,
    count: number,
  ): Promise<AdmittingCluster> {
    // The organization before its cluster, as everybody locks them.
    await this.queueLimit.admit(tx, organizationId, count);
    const cluster = await this.clusters.admit(tx, actor, organizationId, clusterId);
    const { state, isDeleted } = cluster;
    if (isDeleted) throw DeploymentErrors.CLUSTER_DELETED.because(undefined, { state: 'deleted' });
    if (state === 'draining') throw DeploymentErrors.CLUSTER_DRAINING.because(undefined, { state });
    return cluster;
  }
}
