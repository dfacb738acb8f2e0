import { type EntityManager } from '#database';

/** The work of an organization that is not over yet. */
export interface RemainingWork {
  /** Deployments that wait. */
  readonly queued: number;
  /** Clusters in which something waits, runs or still holds resources. */
  readonly clusters: number;
  /** Some of these clusters, at most twenty. */
  readonly clusterIds: readonly string[];
}

/** Decides whether an organization can be deleted. The lib that owns deployments provides it. */
export abstract class OrganizationClosing {
  /**
   * Ends the intake of all its clusters as part of `tx`, and returns the work that remains. The caller rolls `tx` back where some
   * remains; where none does, none can begin any more.
   */
  abstract close(tx: EntityManager, organizationId: string): Promise<RemainingWork>;
}
