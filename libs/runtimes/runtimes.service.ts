import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { visibleClusters } from '#clusters';
import { changesOf, Database, rfc3339, rowsOf, sql } from '#database';
import { imageNameOf } from '#deployments';
import { type CursorPosition } from '#http';
import { type Actor, auditedBy } from '#rbac';

import { PARTS } from './history.js';

/** Of which image and member; absent: of all. */
export interface RuntimeFilter {
  readonly image?: string | undefined;
  readonly member?: string | undefined;
}

/** Quantiles at one, five and nine tenths. */
interface Quantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** How long the runs of one image and member took. */
export interface RuntimeView {
  readonly image: string;
  readonly memberId: string;
  readonly totalRuns: number;
  readonly recentRuns: number;
  readonly limitedRuns: number;
  readonly seconds: Quantiles;
  readonly declaredShare: Quantiles | null;
  readonly lastEndedAt: string;
}

interface Row extends Omit<RuntimeView, 'seconds' | 'declaredShare'> {
  readonly seconds: number[];
  readonly shares: number[] | null;
}

/** Shows what was learned of runs, and forgets it. */
@Injectable()
export class RuntimesService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** By image and member, of the clusters that the actor sees. The cost follows what the organization may have at most. */
  async list(
    actor: Actor,
    organizationId: string,
    filter: RuntimeFilter,
    { take, after }: { readonly take: number; readonly after: CursorPosition | undefined },
  ): Promise<RuntimeView[]> {
    const visible = sql`organization_id = ${organizationId} and image is not null
      and ${visibleClusters(actor, organizationId, 'l.cluster_id')} ${conditionOf(filter)}`;
    const begins = after === undefined ? sql`` : sql`and (image, member_id) > (${after[0]}::text, ${after[1]}::uuid)`;
    const rows = await rowsOf(
      this.database.reader(),
      sql<Row>`
        with chosen as materialized (
          select distinct image, member_id from learned_runtimes l where ${visible} ${begins}
          order by image, member_id limit ${take}
        ), kinds as materialized (
          select l.* from chosen join learned_runtimes l using (image, member_id) where ${visible}
        ), totals as (
          select image, member_id, sum(total)::float8 as total, max(last_ended_at) as last_ended_at from kinds group by 1, 2
        ), runs as (
          select image, member_id,
                 case when max_runtime_seconds is null then run
                      else greatest(1, round(run::numeric * max_runtime_seconds / ${PARTS}::int))::int end as seconds,
                 case when max_runtime_seconds is not null then run::float8 / ${PARTS}::int end as share
          from kinds cross join unnest(runs) as run
        )
        select image, member_id as "memberId", totals.total as "totalRuns", totals.last_ended_at as "lastEndedAt",
               count(*)::int as "recentRuns", count(*) filter (where share >= 1)::int as "limitedRuns",
               percentile_disc(array[0.1, 0.5, 0.9]) within group (order by seconds) as seconds,
               percentile_disc(array[0.1, 0.5, 0.9]) within group (order by share) filter (where share is not null) as shares
        from totals join runs using (image, member_id)
        group by image, member_id, totals.total, totals.last_ended_at
        order by image, member_id`,
    );
    return rows.map(({ seconds, shares, lastEndedAt, ...row }) => ({
      ...row,
      seconds: quantilesOf(seconds),
      declaredShare: shares === null ? null : quantilesOf(shares),
      lastEndedAt: rfc3339(lastEndedAt),
    }));
  }

  /** Forgets runs; kinds over several members or images are forgotten with any of them, since they cannot be told apart in there. */
  async forget(actor: Actor, organizationId: string, filter: RuntimeFilter): Promise<void> {
    const { image = null, member = null } = filter;
    await this.database.transaction(async (tx) => {
      const removed = await changesOf(
        tx,
        sql`
          with locked as materialized (
            select cluster_id, kind from learned_runtimes
            where organization_id = ${organizationId} and (image is null or (true ${conditionOf(filter)}))
            order by cluster_id, kind for update
          )
          delete from learned_runtimes l using locked
          where l.organization_id = ${organizationId} and l.cluster_id = locked.cluster_id and l.kind = locked.kind`,
      );
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'runtimes_forget',
        target: { kind: 'organization', id: organizationId },
        before: { image, memberId: member, kinds: removed },
      });
    });
  }
}

function conditionOf({ image, member }: RuntimeFilter): ReturnType<typeof sql> {
  return sql`${image === undefined ? sql`` : sql`and image = ${imageNameOf(image)}`}
    ${member === undefined ? sql`` : sql`and member_id = ${member}`}`;
}

function quantilesOf([p10 = 0, p50 = 0, p90 = 0]: readonly number[]): Quantiles {
  return { p10, p50, p90 };
}
