import { changesOf, type EntityManager, type Fragment, rowsOf, sql } from '#database';

/** The most changes that one statement adds up. */
const FOLD_AT_ONCE = 10_000;

/** What decides whether an organization may store more. */
export interface ByteRoom {
  /** The user that has created it. */
  readonly createdBy: string;
  /** The limit that an operator has set for it; null where the default holds. */
  readonly ownLimit: number | null;
  readonly bytes: number;
  /** The bytes of all organizations of that user without a limit of their own; null where this one has a limit of its own. */
  readonly accountBytes: number | null;
}

/**
 * SQL that notes by how much the stored bytes of an organization change, as a part of the statement that changes them.
 *
 * @param change the difference: of the one row of `rows`, or a sum over them
 */
export function byteChange(organizationId: string, change: Fragment, rows: Fragment): Fragment {
  return sql`
    insert into organization_byte_changes (organization_id, bytes)
    select ${organizationId}::uuid, bytes from (select ${change} as bytes from ${rows}) as changed where bytes <> 0`;
}

/** SQL for the stored bytes of the organization with the id in `column`: what is added up, and the changes since, in one snapshot. */
const bytesOf = (column: string): Fragment => sql`(
  coalesce((select b.bytes from organization_bytes b where b.organization_id = ${sql.ref(column)}), 0)
  + coalesce((select sum(c.bytes) from organization_byte_changes c where c.organization_id = ${sql.ref(column)}), 0))::float8`;

/** The stored bytes of an organization at this moment. */
export async function readBytes(em: EntityManager, organizationId: string): Promise<number> {
  const rows = await rowsOf(
    em,
    sql<{ bytes: number }>`select ${bytesOf('o.id')} as bytes from organizations o where o.id = ${organizationId}`,
  );
  return rows[0]?.bytes ?? 0;
}

/** The stored bytes of an organization and of the user that has created it; undefined for one that was deleted. */
export async function readByteRoom(em: EntityManager, organizationId: string): Promise<ByteRoom | undefined> {
  const [room] = await rowsOf(
    em,
    sql<ByteRoom>`
      select o.created_by as "createdBy", o.limit_bytes::float8 as "ownLimit", ${bytesOf('o.id')} as bytes,
             case when o.limit_bytes is null then (
               select sum(${bytesOf('other.id')}) from organizations other
               where other.created_by = o.created_by and other.limit_bytes is null
             ) end as "accountBytes"
      from organizations o where o.id = ${organizationId} and o.deleted_at is null`,
  );
  return room;
}

/** Makes the transactions that add bytes for one user take turns until `tx` ends. */
export async function lockAccountBytes(tx: EntityManager, userId: string): Promise<void> {
  await rowsOf(tx, sql`select pg_advisory_xact_lock(hashtextextended(${`stored bytes of ${userId}`}, 0))`);
}

/** Adds changes up, the oldest first. @returns how many organizations they concerned: 0 when none is left */
export async function foldByteChanges(tx: EntityManager): Promise<number> {
  return changesOf(
    tx,
    sql`
      with taken as (
        delete from organization_byte_changes where (organization_id, id) in (
          select organization_id, id from organization_byte_changes limit ${FOLD_AT_ONCE} for update skip locked
        )
        returning organization_id, bytes
      )
      insert into organization_bytes as known (organization_id, bytes)
      select organization_id, sum(bytes) from taken group by organization_id
      on conflict (organization_id) do update set bytes = known.bytes + excluded.bytes`,
  );
}
