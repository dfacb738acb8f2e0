import { Injectable } from '@nestjs/common';

import { DomainError, newId } from '#kernel';
import { type AdmittingCluster, ClusterLookup } from '#clusters';
import { Database, type EntityManager } from '#database';
import { Turns } from '#http';
import { ByteLimit } from '#organizations';
import { type ClusterRef, ClusterSignals, Nudges } from '#queue';
import { type Actor } from '#rbac';

import { type DeploymentView } from '../deployment-view.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { storedBytesOf } from '../fields/stored-bytes.js';
import { QueueLimit } from './queue-limit.js';
import { type DeploymentOrder, grant, type GrantedOrder, nameTaken, type OnError, shapeChanges } from './orders.js';
import {
  inOrderOfNames,
  insertManyQueued,
  insertQueued,
  type QueuedOrder,
  readArrival,
} from './submissions.repository.js';

/** The most deployments that one statement inserts: the driver writes its parameters at once, in a few milliseconds. */
const INSERT_AT_ONCE = 500;

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
    private readonly turns: Turns,
  ) {}

  /**
   * Queues a deployment in a cluster.
   *
   * @throws CLUSTERS.NOT_FOUND, DEPLOYMENTS.CLUSTER_DRAINING, DEPLOYMENTS.CLUSTER_DELETED, DEPLOYMENTS.QUEUE_LIMIT_REACHED,
   *   ORGANIZATIONS.BYTES_LIMIT_REACHED, DEPLOYMENTS.NAME_TAKEN, and what {@link grant} throws
   */
  async submit(actor: Actor, ref: ClusterRef, order: DeploymentOrder): Promise<DeploymentView> {
    const deployment = await this.database.transaction(async (tx) => {
      const cluster = await this.admit(tx, actor, ref, [storedBytesOf(order)]);
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
    target: BatchTarget,
    orders: readonly (DeploymentOrder | DomainError)[],
    { onError, pointerOf }: BatchOptions,
  ): Promise<SubmissionResult[]> {
    const { actor, cluster: ref } = target;
    const valid = orders.filter((order): order is DeploymentOrder => !(order instanceof DomainError));
    const bytes = await this.turns.map(actor.accountId, valid, storedBytesOf);
    const results = await this.database.transaction(async (tx) => {
      const cluster = await this.admit(tx, actor, ref, bytes);
      const judged = await this.turns.map(actor.accountId, orders, (order, index) =>
        judge(order, cluster, actor, pointerOf(index)),
      );
      const inserted = (await this.insertMany(tx, target, cluster, judged.filter(isGranted))).values();
      const results = await this.turns.map(actor.accountId, judged, (order, index): SubmissionResult => {
        if (!isGranted(order)) return order;
        const id = inserted.next().value;
        return id === undefined ? nameTaken(order, pointerOf(index)) : { id };
      });
      const refused = results.find((result) => result instanceof DomainError);
      if (refused !== undefined && onError === 'abort') throw refused;
      return results;
    });
    this.nudges.nudge(ref.clusterId);
    return results;
  }

  /**
   * Inserts deployments by statements of bounded size, between which the event loop handles other requests. All have one time of arrival:
   * their order is that of their ids.
   *
   * @returns the ids in the order of the orders, undefined where the name is taken
   */
  private async insertMany(
    tx: EntityManager,
    { actor, cluster: ref }: BatchTarget,
    cluster: AdmittingCluster,
    orders: readonly GrantedOrder[],
  ): Promise<(string | undefined)[]> {
    const all = orders.map((order): QueuedOrder => ({ id: newId(), order }));
    const sorted = inOrderOfNames(all);
    const arrival = await readArrival(tx);
    const inserted = new Set<string>();
    for (let from = 0; from < sorted.length; from += INSERT_AT_ONCE) {
      const part = sorted.slice(from, from + INSERT_AT_ONCE);
      const ids = await insertManyQueued(tx, cluster, actor.id, part, arrival);
      const queued = part.filter(({ id }) => ids.has(id)).map(({ order }) => order);
      await this.signals.announce(tx, ref, 'submitted', shapeChanges(queued, 1));
      ids.forEach((id) => inserted.add(id));
    }
    return all.map(({ id }) => (inserted.has(id) ? id : undefined));
  }

  /** @param bytes what each deployment stores */
  private async admit(
    tx: EntityManager,
    actor: Actor,
    ref: ClusterRef,
    bytes: readonly number[],
  ): Promise<AdmittingCluster> {
    // The organization before its cluster: the same order in every transaction.
    await this.queueLimit.admit(tx, ref.organizationId, bytes.length);
    await this.byteLimit.admit(
      tx,
      ref.organizationId,
      bytes.reduce((sum, one) => sum + one, 0),
    );
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
