import { Injectable } from '@nestjs/common';

import { ClusterLookup } from '#clusters';
import { Database } from '#database';
import { type ClusterRef } from '#queue';
import { type Actor } from '#rbac';

import { MAX_MONTHS } from './accuracy.dto.js';
import { type MonthAccuracy, StartPredictions } from './start-predictions.js';

/** Shows how right forecasts were. */
@Injectable()
export class AccuracyService {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly predictions: StartPredictions,
  ) {}

  /** By month, the latest first. @throws CLUSTERS.NOT_FOUND */
  async read(actor: Actor, cluster: ClusterRef): Promise<{ readonly months: readonly MonthAccuracy[] }> {
    await this.clusters.read(actor, cluster);
    return { months: await this.predictions.accuracy(this.database.reader(), cluster, MAX_MONTHS) };
  }
}
