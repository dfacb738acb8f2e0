import { type EntityManager } from '#database';

/** What of an organization's work is not over yet. */
export interface RemainingWork {
  /** Deployments that wait. */
  readonly queued: number;
  /** Clusters in which something waits, runs or still holds resources. */
  readonly clusters: number;
  /** Some of these clusters, at most twenty. */
  readonly clusterIds: readonly string[];
}

/** May this organization be deleted? The lib that owns deployments knows, and provides it. */
export abstract class OrganizationClosing {
  /**
   * Ends the intake of all its clusters as part of `tx`, and tells what work remains. Whoever finds some must roll `tx` back; where none
   * remains, none can begin any more.
   */
  abstract close(tx: EntityManager, organizationId: string): Promise<RemainingWork>;
}
