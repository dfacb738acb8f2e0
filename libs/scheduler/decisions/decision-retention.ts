import { Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { Database, rowsOf, sql } from '#database';

/** The decisions that one statement removes. */
const BATCH = 500;

const MIB = 1_048_576;

/** A cluster's decisions below a position are to be removed. */
interface Cut {
  readonly clusterId: string;
  readonly below: number;
}

/**
 * Removes the oldest decisions: those older than the installation keeps them, and those beyond the bytes of a cluster. What is kept begins with
 * one that is stored whole. The head remains, and the hash of the last one that was removed.
 */
@Injectable()
export class DecisionRetention {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
  ) {}

  /** @param paced runs a small piece of the work; false when there is no time left */
  async prune(paced: (work: () => Promise<boolean>) => Promise<boolean>): Promise<void> {
    for (const cut of await this.cuts()) while (await paced(() => this.removeBatch(cut)));
  }

  /** Where what is kept begins, of each cluster that has more. */
  private async cuts(): Promise<readonly Cut[]> {
    const { decisionLogDays, decisionLogMib } = this.settings;
    const kept = sql`from pass_decisions d where d.cluster_id = head.cluster_id`;
    const young = sql`d.at >= now() - interval '1 day' * ${decisionLogDays}::int`;
    const lastWhole = sql`(select max(position) ${kept} and d.is_whole)`;
    const byAge = sql`(select max(position) ${kept} and d.is_whole
      and d.position <= coalesce((select min(position) ${kept} and ${young}), head.position))`;
    const byBytes = sql`case when head.bytes > ${decisionLogMib * MIB} then coalesce(
      (select min(position) ${kept} and d.is_whole and d.position > (
        select max(position) from (select d.position, sum(octet_length(d.record)) over (order by d.position desc) as bytes ${kept}) sums
        where bytes > ${decisionLogMib * MIB})), ${lastWhole}) end`;
    const below = decisionLogDays === 0 ? sql`head.position + 1` : sql`greatest(${byAge}, ${byBytes})`;
    return rowsOf(
      this.database.reader(),
      sql<Cut>`
        select * from (
          select head.cluster_id as "clusterId", head.removed_position, (${below})::float8 as below
          from decision_heads head where head.position > head.removed_position
        ) cuts where below > removed_position + 1`,
    );
  }

  private async removeBatch({ clusterId, below }: Cut): Promise<boolean> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<{ position: number }>`
        with removed as (
          delete from pass_decisions where cluster_id = ${clusterId} and position in (
            select position from pass_decisions where cluster_id = ${clusterId} and position < ${below} order by position limit ${BATCH})
          returning position, hash, octet_length(record) as bytes
        ), last as (
          select position, hash from removed order by position desc limit 1
        )
        update decision_heads as head
        set removed_position = last.position, removed_hash = last.hash, bytes = head.bytes - (select sum(bytes) from removed)
        from last where head.cluster_id = ${clusterId}
        returning last.position::float8 as position`,
    );
    return rows.length > 0;
  }
}
