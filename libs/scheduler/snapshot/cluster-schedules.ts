import { Injectable } from '@nestjs/common';

import { changesOf, type EntityManager, type Fragment, rowsOf, sql } from '#database';
import { type PassContext } from '#deployments';
import { type Claim, type StandingReservation } from '#packing';

/** What stands between two passes on a cluster. */
export interface Schedule {
  readonly reservation: StandingReservation | null;
  /** Who starts when what was preempted for them has stopped. */
  readonly claims: readonly Claim[];
  /** When to look again even if nothing happens. */
  readonly wakeAtMs: number | null;
}

/**
 * The condition that the deployment waits, as what it was, which has the reservation of `cluster_schedules s`; it is looked up by its whole
 * key. Priority is all of a shape that can be edited: with another one it is somebody else to the planner, and has nothing reserved.
 */
function holderWaits(): Fragment {
  return sql`coalesce((
    select d.status = 'queued' and d.priority = (s.reservation->>'priority')::int from deployments d
    where d.organization_id = s.organization_id and d.id = (s.reservation->>'id')::uuid), false)`;
}

/** Keeps the reservation and the claims of each cluster, and knows whose time has come. */
@Injectable()
export class ClusterSchedules {
  /** What stands, and whether whoever has the reservation still waits: a planner knows shapes, and a twin may be left of this one. */
  async read(tx: EntityManager, clusterId: string): Promise<{ schedule: Schedule; isHolderWaiting: boolean }> {
    const [row] = await rowsOf(
      tx,
      sql<Schedule & { isHolderWaiting: boolean }>`
        select s.reservation, coalesce(s.claims, '[]') as claims, extract(epoch from s.wake_at)::float8 * 1000 as "wakeAtMs",
               ${holderWaits()} as "isHolderWaiting"
        from cluster_schedules s where s.cluster_id = ${clusterId}`,
    );
    if (row === undefined)
      return { schedule: { reservation: null, claims: [], wakeAtMs: null }, isHolderWaiting: false };
    const { isHolderWaiting, ...schedule } = row;
    return { schedule, isHolderWaiting };
  }

  /** Writes what has changed; between passes that change nothing, nothing is written. */
  async write(
    tx: EntityManager,
    { organizationId, clusterId }: PassContext,
    before: Schedule,
    after: Schedule,
  ): Promise<void> {
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const reservation = after.reservation === null ? null : JSON.stringify(after.reservation);
    await changesOf(
      tx,
      sql`insert into cluster_schedules (cluster_id, organization_id, reservation, claims, wake_at)
          values (${clusterId}, ${organizationId}, ${reservation}::jsonb, ${JSON.stringify(after.claims)}::jsonb,
                  to_timestamp(${after.wakeAtMs}::float8 / 1000))
          on conflict (cluster_id) do update
          set reservation = excluded.reservation, claims = excluded.claims, wake_at = excluded.wake_at`,
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
