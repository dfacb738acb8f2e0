import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { Database } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { type DecisionHead, readHead } from './decision-log.js';

/** Reads the decision log of a cluster. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly clusters: ClusterLookup,
    private readonly database: Database,
  ) {}

  /** The head of the log; null where nothing was recorded. @throws CLUSTERS.NOT_FOUND */
  async head(actor: Actor, cluster: ClusterRef): Promise<DecisionHead | null> {
    await this.clusters.read(actor, cluster);
    return readHead(this.database.reader(), cluster.clusterId);
  }
}
