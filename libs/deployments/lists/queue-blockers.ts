import { type BlockerCode } from '#packing';

import { type QueuedDeployment } from './deployment-lists.js';

/** The blockers of a queued deployment, most important first; null: not surveyed yet. */
export type BlockersOf = (queued: QueuedDeployment) => readonly BlockerCode[] | null;

/** Port to the blockers of the deployments on a page of a queue. Provided by `insights`. */
export abstract class QueueBlockers {
  /** The blockers of a cluster's queue. Callers check that the reader may see the cluster. */
  abstract read(cluster: { readonly organizationId: string; readonly clusterId: string }): Promise<BlockersOf>;
}
