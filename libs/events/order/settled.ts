import { type EntityManager, exactlyOne, rowsOf, sql } from '#database';

/**
 * The open transactions of the statement's snapshot that may write an event: all but those which are known to write in another database.
 * `backend_xid` has 32 bits; open transactions are never 2^31 apart, hence the lower half of a 64-bit number names one of them.
 */
const OPEN = sql`
  pg_snapshot_xip(pg_current_snapshot()) as open (xid)
  left join pg_stat_activity session on session.backend_xid = open.xid::xid
  left join pg_prepared_xacts prepared on prepared.transaction = open.xid::xid
  where (session.datid <> (select d.oid from pg_database d where d.datname = current_database())) is not true
    and (prepared.database <> current_database()) is not true`;

/** The stamp below which events are complete, for a statement with a later snapshot. */
export interface Settled {
  readonly stamp: bigint;
  /** No transaction had this number or a higher one when the stamp was read. */
  readonly next: bigint;
}

/**
 * Reads the stamp below which a **later** statement sees all events: every transaction that can still write one has a number that is not
 * lower. Only transactions of this database count.
 *
 * The snapshot is taken first and the sessions are read after it: a transaction that was open in the snapshot and is found in a session of
 * another database is foreign, and one that is not found counts as one of this database. The statement must be the first of its
 * transaction that reads `pg_stat_activity`, which PostgreSQL reads once per transaction: `em` has none.
 */
export async function readSettled(em: EntityManager): Promise<Settled> {
  const { stamp, next } = exactlyOne(
    await rowsOf(
      em,
      sql<{ stamp: string; next: string }>`
        select coalesce((select open.xid from ${OPEN} order by open.xid limit 1), pg_snapshot_xmax(pg_current_snapshot()))::text as stamp,
               pg_snapshot_xmax(pg_current_snapshot())::text as next`,
    ),
  );
  return { stamp: BigInt(stamp), next: BigInt(next) };
}

/** The oldest open transaction that delays events. */
export interface EventHolder {
  readonly transaction: string;
  /** The server process; null for a prepared transaction. */
  readonly pid: number | null;
  /** What the session calls itself, or the name of the prepared transaction; null where neither is known. */
  readonly name: string | null;
  /** Since when it is open; null where this role may not see that. */
  readonly seconds: number | null;
}

/** Reads which transaction delays events; null when none does. */
export async function readEventHolder(em: EntityManager): Promise<EventHolder | null> {
  const [holder] = await rowsOf(
    em,
    sql<EventHolder>`
      select open.xid::text as transaction, session.pid, coalesce(session.application_name, prepared.gid) as name,
             extract(epoch from clock_timestamp() - coalesce(session.xact_start, prepared.prepared))::float8 as seconds
      from ${OPEN} order by open.xid limit 1`,
  );
  return holder ?? null;
}
