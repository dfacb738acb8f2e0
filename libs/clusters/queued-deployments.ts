import { type EntityManager } from '#database';
import { type Actor } from '#rbac';

/** What this lib asks about deployments; the lib that owns them provides it, globally. */
export abstract class QueuedDeployments {
  /**
   * Cancels deployments that wait in a cluster, because it is deleted.
   *
   * @param limit the most to cancel in `tx`
   * @returns how many were cancelled
   */
  abstract cancelSome(
    tx: EntityManager,
    actor: Actor,
    cluster: { readonly organizationId: string; readonly clusterId: string },
    limit: number,
  ): Promise<number>;
}
