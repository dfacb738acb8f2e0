import { isDeepStrictEqual } from 'node:util';

import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, exactlyOne, rowsOf, sql } from '#database';
import { type PassContext } from '#deployments';
import { type Reservation } from '#packing';

import { selectHead } from '../decisions/decision-log.js';
import { type ChainHead } from '../decisions/decision-recorder.js';

/** What remains between two passes on a cluster. */
export interface Schedule {
  readonly reservations: readonly Reservation[];
  /** When the next gathering may begin; null: at once. */
  readonly gatherAfterMs: number | null;
  /** When to look again even if nothing happens. */
  readonly wakeAtMs: number | null;
}

/** What a pass finds of those before. */
export interface FoundSchedule {
  readonly schedule: Schedule;
  readonly isOwnerWaiting: boolean;
  /** The last recorded decision; null where there is none. */
  readonly head: ChainHead | null;
}

/** Keeps what is set aside in each cluster, and knows when each is due. */
@Injectable()
export class ClusterSchedules {
  /**
   * Reads the reservations, and whether the owner of the one that has one is still queued as what it was: another deployment of the same shape
   * may be. Of a shape only the priority can be edited.
   */
  async read(tx: EntityManager, clusterId: string): Promise<FoundSchedule> {
    const rows = await rowsOf(
      tx,
      sql<Schedule & Omit<FoundSchedule, 'schedule'>>`
        select coalesce(s.reservations, '[]') as reservations, ${selectHead(sql`c.id`)} as head,
               extract(epoch from s.gather_after)::float8 * 1000 as "gatherAfterMs",
               extract(epoch from s.wake_at)::float8 * 1000 as "wakeAtMs",
               exists (
                 select from jsonb_array_elements(s.reservations) one
                 cross join lateral (
                   -- By its key: with stale statistics PostgreSQL might begin with the whole queue.
                   select d.status, d.priority from deployments d
                   where d.organization_id = s.organization_id and d.id = (one->>'id')::uuid limit 1
                 ) found
                 where found.status = 'queued' and found.priority = (one->>'priority')::int) as "isOwnerWaiting"
        from (values (${clusterId}::uuid)) as c (id) left join cluster_schedules s on s.cluster_id = c.id`,
    );
    const { isOwnerWaiting, head, ...schedule } = exactlyOne(rows);
    return { schedule, isOwnerWaiting, head };
  }

  /** Writes what has changed; between passes that change nothing, nothing is written. `jsonb` returns the keys of `before` in its own order. */
  async write(
    tx: EntityManager,
    { organizationId, clusterId }: PassContext,
    before: Schedule,
    after: Schedule,
  ): Promise<void> {
    if (isDeepStrictEqual(asJson(before), asJson(after))) return;
    await changesOf(
      tx,
      sql`insert into cluster_schedules (cluster_id, organization_id, reservations, gather_after, wake_at)
          values (${clusterId}, ${organizationId}, ${JSON.stringify(after.reservations)}::jsonb,
                  to_timestamp(${after.gatherAfterMs}::float8 / 1000), to_timestamp(${after.wakeAtMs}::float8 / 1000))
          on conflict (cluster_id) do update
          set reservations = excluded.reservations, gather_after = excluded.gather_after, wake_at = excluded.wake_at`,
    );
  }

  /** Whether a cluster asked to be looked at by now, whatever happens. */
  async isDue(tx: EntityManager, clusterId: string): Promise<boolean> {
    const rows = await rowsOf(
      tx,
      sql<{ found: number }>`
        select 1 as found from cluster_schedules where cluster_id = ${clusterId} and wake_at <= statement_timestamp()`,
    );
    return rows.length > 0;
  }

  /** Clusters that asked to be looked at by now. */
  async clustersDue(em: EntityManager): Promise<string[]> {
    const rows = await rowsOf(
      em,
      sql<{ id: string }>`
        select cluster_id as id from cluster_schedules where wake_at <= statement_timestamp() limit 10000`,
    );
    return rows.map(({ id }) => id);
  }

  /** Milliseconds until the next cluster wants to be looked at, other than these; null when none does. */
  async untilNextMs(em: EntityManager, except: readonly string[]): Promise<number | null> {
    const [row] = await rowsOf(
      em,
      sql<{ ms: number | null }>`
        select extract(epoch from min(wake_at) - statement_timestamp())::float8 * 1000 as ms
        from cluster_schedules where wake_at is not null and cluster_id <> all(${except}::uuid[])`,
    );
    return row?.ms ?? null;
  }
}

/** The values alone, as JSON carries them. */
function asJson(schedule: Schedule): unknown {
  return JSON.parse(JSON.stringify(schedule));
}
