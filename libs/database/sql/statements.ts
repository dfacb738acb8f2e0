import { type EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';

/** A piece of SQL with its bound parameters. */
export type Fragment = RawBuilder<unknown>;

/** The rows of one SQL statement, its parameters bound (never written into the text), inside `em`'s transaction if it has one. */
export async function rowsOf<Row>(em: EntityManager, statement: RawBuilder<Row>): Promise<Row[]> {
  return (await statement.execute(em.getKysely())).rows;
}

/** How many rows one SQL statement changed. */
export async function changesOf(em: EntityManager, statement: RawBuilder<unknown>): Promise<number> {
  return Number((await statement.execute(em.getKysely())).numAffectedRows ?? 0n);
}

/**
 * Tells PostgreSQL that the statements of this transaction touch few rows of large tables, each by an index.
 *
 * Its own judgement depends on statistics that lag behind a queue that grows by a hundred thousand rows in a second: with those of an
 * empty table it joins by nested scans, and a step of 20 ms takes minutes. Proven by test/integration/pass-cost.deep.spec.ts.
 */
export async function preferIndexes(tx: EntityManager): Promise<void> {
  await rowsOf(
    tx,
    sql`select set_config(name, 'off', true)
        from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort']) as name`,
  );
}
