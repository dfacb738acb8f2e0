import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { type Actor } from '#rbac';

import { type KeptSurvey, KeptSurveys } from './kept-surveys.js';

/** Tells what keeps a queue, as the last pass left it. */
@Injectable()
export class BlockersService {
  constructor(
    private readonly clusters: ClusterLookup,
    private readonly surveys: KeptSurveys,
  ) {}

  /** null: no pass has looked at the cluster yet. @throws CLUSTERS.NOT_FOUND */
  async read(actor: Actor, organizationId: string, clusterId: string): Promise<KeptSurvey | null> {
    await this.clusters.read(actor, organizationId, clusterId);
    return this.surveys.read(organizationId, clusterId);
  }
}
