import { type EntityManager } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

/** What this lib asks about deployments; the lib that owns them provides it, globally. */
export abstract class QueuedDeployments {
  /**
   * Cancels deployments that wait in a cluster, or are between two attempts, because it is deleted.
   *
   * @param limit the most to cancel in `tx`
   * @returns how many were cancelled
   */
  abstract cancelSome(tx: EntityManager, actor: Actor, cluster: ClusterRef, limit: number): Promise<number>;

  /** How many deployments of a cluster are between two attempts: not in its queue, but they will come back to it. */
  abstract countRetrying(tx: EntityManager, cluster: ClusterRef): Promise<number>;
}
