import { Injectable } from '@nestjs/common';

import { ClusterErrors, ClusterLookup } from '#clusters';
import { Database, type EntityManager, rowsOf, sql } from '#database';
import { type Actor } from '#rbac';

import { type CurrentRequest, type CurrentSnapshot, PresentSnapshots } from './present-snapshots.js';

/** The present of a cluster, for those that may see it. */
@Injectable()
export class CurrentSnapshotReader {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterLookup,
    private readonly present: PresentSnapshots,
  ) {}

  /**
   * Does `work` with the present of a cluster, in one read-only transaction that sees one moment.
   *
   * @throws CLUSTERS.NOT_FOUND
   */
  async read<T>(
    actor: Actor,
    request: CurrentRequest,
    work: (tx: EntityManager, present: CurrentSnapshot) => Promise<T>,
  ): Promise<T> {
    const { organizationId, clusterId } = request;
    const cluster = await this.clusters.read(actor, { organizationId, clusterId });
    if (cluster.isDeleted) throw ClusterErrors.NOT_FOUND.because();
    return this.present.read(request, work);
  }

  /** The database's time. */
  async now(): Promise<number> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<{ nowMs: number }>`select floor(extract(epoch from statement_timestamp()) * 1000)::float8 as "nowMs"`,
    );
    return row?.nowMs ?? 0;
  }
}
