import { Injectable } from '@nestjs/common';

import { type BlockersOf, QueueBlockers, type QueuedDeployment } from '#deployments';
import { blockersOfOne, keyOf } from '#packing';
import { type ClusterRef } from '#queue';

import { BlockerCache } from './blocker-cache.js';

/** What keeps the deployments on a page of a queue, from what the last pass has left. */
@Injectable()
export class CachedQueueBlockers extends QueueBlockers {
  constructor(private readonly cache: BlockerCache) {
    super();
  }

  override async read(cluster: ClusterRef): Promise<BlockersOf> {
    const report = await this.cache.read(cluster);
    if (report === null) return () => null;
    const shapes = new Map(report.described.map((shape) => [shape.key, shape]));
    return ({ deployment }: QueuedDeployment) => {
      const { id, priority, request, maxRuntimeSeconds, queuedAt } = deployment;
      const shape = shapes.get(keyOf({ priority, request, maxRuntimeSeconds }));
      if (shape === undefined || Date.parse(queuedAt) > report.asOfMs) return null;
      // How many are older is not known; of nominations, only the oldest's is certain.
      const older = shape.oldest === null || shape.oldest.id === id ? 0 : Math.max(1, shape.nominated);
      const blockers = blockersOfOne(shape, { id, priority, older });
      return [...new Set(blockers.map(({ code }) => code))];
    };
  }
}
