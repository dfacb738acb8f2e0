import { type MikroORM } from '@mikro-orm/postgresql';
import { sql } from 'kysely';

import { rowsOf } from '../sql/statements.js';

/** What processes may do with a table where it is less than reading and writing. */
const NARROW: readonly (readonly [table: string, privileges: string])[] = [
  ['audit_entries', 'select, insert'],
  // Retention removes the entries of a deployment that is gone.
  ['ledger_entries', 'select, insert, delete'],
  ['ledger_checkpoints', 'select, insert, update'],
  ['schema_migrations', 'select'],
];

/**
 * Gives the role of the processes what they need of the present tables, and nothing more: it owns none of them, so that it can neither
 * change nor empty one, and cannot disable a trigger.
 */
export async function grantTo(orm: MikroORM, role: string): Promise<void> {
  const to = sql.id(role);
  const tables = sql`all tables in schema public`;
  await orm.em.fork().transactional(async (tx) => {
    await rowsOf(tx, sql`grant usage on schema public to ${to}`);
    await rowsOf(tx, sql`grant select, insert, update, delete on ${tables} to ${to}`);
    for (const [table, privileges] of NARROW) {
      await rowsOf(tx, sql`revoke all on ${sql.table(table)} from ${to}`);
      await rowsOf(tx, sql`grant ${sql.raw(privileges)} on ${sql.table(table)} to ${to}`);
    }
  });
}
