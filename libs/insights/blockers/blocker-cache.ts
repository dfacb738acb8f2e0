import { Injectable } from '@nestjs/common';

import { Database, rfc3339, rowsOf, sql } from '#database';
import { type ClusterRef } from '#queue';

import { type EncodedReport, type QueueBlockerReport, decodeReport } from './queue-blocker-report.js';

/** What kept a queue when a pass had left it. */
export interface CachedReport extends QueueBlockerReport {
  readonly passId: string;
  /** When the pass looked. RFC 3339. */
  readonly asOf: string;
  readonly asOfMs: number;
  /** Whether nothing has happened in the cluster since. */
  readonly isCurrent: boolean;
}

interface Row extends EncodedReport {
  readonly passId: string;
  readonly asOf: string;
  readonly asOfMs: number;
  readonly isCurrent: boolean;
}

/** Reads the reports of blockers. The caller has checked that the actor may see the cluster. */
@Injectable()
export class BlockerCache {
  constructor(private readonly database: Database) {}

  /** null: no pass has left anything yet. */
  async read({ organizationId, clusterId }: ClusterRef): Promise<CachedReport | null> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<Row>`
        select k.pass_id as "passId", k.as_of as "asOf", extract(epoch from k.as_of)::float8 * 1000 as "asOfMs", k.shapes,
               k.waiting::float8 as waiting, k.blockers as bytes,
               not exists (select 1 from cluster_signals g where g.cluster_id = k.cluster_id)
                 and k.pass_id = (select p.id from passes p where p.cluster_id = k.cluster_id order by p.id desc limit 1)
                 as "isCurrent"
        from cluster_blockers k where k.organization_id = ${organizationId} and k.cluster_id = ${clusterId}`,
    );
    if (row === undefined) return null;
    const { passId, asOf, asOfMs, isCurrent } = row;
    return { ...(await decodeReport(row)), passId, asOf: rfc3339(asOf), asOfMs, isCurrent };
  }
}
