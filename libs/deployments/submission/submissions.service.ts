import { Injectable } from '@nestjs/common';

import { DomainError } from '#kernel';
import { type AdmittingCluster, ClusterLookup } from '#clusters';
import { Database, type EntityManager } from '#database';
import { ByteLimit } from '#organizations';
import { type ClusterRef, ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentView } from '../deployment-view.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { storedBytesOf } from '../fields/stored-bytes.js';
import { QueueLimit } from './queue-limit.js';
import { type DeploymentOrder, grant, type GrantedOrder, nameTaken, type OnError, shapeChanges } from './orders.js';
import { insertManyQueued, insertQueued } from './submissions.repository.js';

/** The result of one order: queued, or the reason of its refusal. */
export type SubmissionResult = { readonly id: string } | DomainError;

/** The cluster of a batch, and the actor. */
export interface BatchTarget {
  readonly actor: Actor;
  readonly cluster: ClusterRef;
}

/** How the orders of a batch are judged. */
export interface BatchOptions {
  /** Whether a refused order refuses all (and is thrown), or only itself. */
  readonly onError: OnError;
  /** The pointer to an order in the request. */
  readonly pointerOf: (index: number) => string;
}

/** Queues deployments. */
@Injectable()
export class SubmissionsService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly queueLimit: QueueLimit,
    private readonly byteLimit: ByteLimit,
    private readonly signals: ClusterSignals,
    private readonly nudges: Nudges,
  ) {}

  /**
   * Queues a deployment in a cluster.
   *
   * @throws CLUSTERS.NOT_FOUND, DEPLOYMENTS.CLUSTER_DRAINING, DEPLOYMENTS.CLUSTER_DELETED, DEPLOYMENTS.QUEUE_LIMIT_REACHED,
   *   ORGANIZATIONS.BYTES_LIMIT_REACHED, DEPLOYMENTS.NAME_TAKEN, and what {@link grant} throws
   */
  async submit(actor: Actor, ref: ClusterRef, order: DeploymentOrder): Promise<DeploymentView> {
    const deployment = await this.database.transaction(async (tx) => {
      const cluster = await this.admit(tx, actor, ref, [order]);
      const granted = grant(order, cluster, actor);
      const inserted = await insertQueued(tx, cluster, actor.id, granted);
      await this.signals.announce(tx, ref, 'submitted', shapeChanges([granted], 1));
      return inserted;
    });
    this.nudges.nudge(ref.clusterId);
    return deployment;
  }

  /**
   * Queues deployments in a cluster.
   *
   * @param orders orders, or reasons why they are refused already
   * @returns the result of each order, in their order
   */
  async submitMany(
    { actor, cluster: ref }: BatchTarget,
    orders: readonly (DeploymentOrder | DomainError)[],
    { onError, pointerOf }: BatchOptions,
  ): Promise<SubmissionResult[]> {
    const results = await this.database.transaction(async (tx) => {
      const valid = orders.filter((order): order is DeploymentOrder => !(order instanceof DomainError));
      const cluster = await this.admit(tx, actor, ref, valid);
      const judged = orders.map((order, index) => judge(order, cluster, actor, pointerOf(index)));
      const granted = judged.filter((order) => isGranted(order));
      const ids = await insertManyQueued(tx, cluster, actor.id, granted);
      const inserted = ids.values();
      const results = judged.map((order, index): SubmissionResult => {
        if (!isGranted(order)) return order;
        const id = inserted.next().value;
        return id === undefined ? nameTaken(order, pointerOf(index)) : { id };
      });
      const refused = results.find((result) => result instanceof DomainError);
      if (refused !== undefined && onError === 'abort') throw refused;
      const queued = granted.filter((_, index) => ids[index] !== undefined);
      await this.signals.announce(tx, ref, 'submitted', shapeChanges(queued, 1));
      return results;
    });
    this.nudges.nudge(ref.clusterId);
    return results;
  }

  private async admit(
    tx: EntityManager,
    actor: Actor,
    ref: ClusterRef,
    orders: readonly DeploymentOrder[],
  ): Promise<AdmittingCluster> {
    // The organization before its cluster: the same order in every transaction.
    await this.queueLimit.admit(tx, ref.organizationId, orders.length);
    const bytes = orders.reduce((sum, order) => sum + storedBytesOf(order), 0);
    await this.byteLimit.admit(tx, ref.organizationId, bytes);
    const cluster = await this.clusters.admit(tx, actor, ref);
    const { state, isDeleted } = cluster;
    if (isDeleted) throw DeploymentErrors.CLUSTER_DELETED.because(undefined, { state: 'deleted' });
    if (state === 'draining') throw DeploymentErrors.CLUSTER_DRAINING.because(undefined, { state });
    return cluster;
  }
}

function isGranted(order: GrantedOrder | DomainError): order is GrantedOrder {
  return !(order instanceof DomainError);
}

function judge(
  order: DeploymentOrder | DomainError,
  cluster: AdmittingCluster,
  actor: Actor,
  at: string,
): GrantedOrder | DomainError {
  if (order instanceof DomainError) return order;
  try {
    return grant(order, cluster, actor, at);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
