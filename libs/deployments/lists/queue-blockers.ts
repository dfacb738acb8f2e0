import { type BlockerCode } from '#packing';

import { type QueuedDeployment } from './deployment-lists.js';

/** What keeps a deployment that waits, most important first; null: nobody has looked at it yet. */
export type BlockersOf = (queued: QueuedDeployment) => readonly BlockerCode[] | null;

/** Port of the pages of a queue to what keeps the deployments on them. Provided by the scheduler. */
export abstract class QueueBlockers {
  /** What is known of a cluster's queue. Whoever asks has made sure that the reader may see the cluster. */
  abstract read(cluster: { readonly organizationId: string; readonly clusterId: string }): Promise<BlockersOf>;
}
