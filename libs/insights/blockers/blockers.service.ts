import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type CachedReport, BlockerCache } from './blocker-cache.js';

/** Tells what keeps a queue, as the last pass left it. */
@Injectable()
export class BlockersService {
  constructor(
    private readonly clusters: ClusterLookup,
    private readonly cache: BlockerCache,
  ) {}

  /** null: no pass has looked at the cluster yet. @throws CLUSTERS.NOT_FOUND */
  async read(actor: Actor, cluster: ClusterRef): Promise<CachedReport | null> {
    await this.clusters.read(actor, cluster);
    return this.cache.read(cluster);
  }
}
