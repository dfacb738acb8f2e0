import { type Transaction } from '@mikro-orm/core';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';

import { CommandError } from './command.js';
import { databaseOptions, type DatabaseSettings } from './database.options.js';
import { MIGRATIONS } from './migrations/index.js';

/** One number for all processes of an installation, so that only one of them migrates at a time. */
const MIGRATION_LOCK = 7_290_127_110;

/**
 * Brings the schema up to date, in one transaction, once however many processes try.
 *
 * @returns the names of the migrations that were applied now
 * @throws when the database knows a migration that this build does not: it was made by a newer one
 */
export async function migrate(settings: DatabaseSettings): Promise<string[]> {
  // The ORM would write a line per step in its own style: whoever calls this says what was applied.
  const orm = await MikroORM.init({ ...databaseOptions(settings, []), logger: () => undefined });
  try {
    return await orm.em.fork().transactional(async (tx) => {
      await tx.execute('set local statement_timeout = 0');
      await tx.execute('set local lock_timeout = 60000');
      await tx.execute(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
      const executed = await executedMigrations(tx);
      const unknown = executed.filter((name) => !MIGRATIONS.some((migration) => migration.name === name));
      if (unknown.length > 0) {
        throw new CommandError(`the database was migrated by a newer version (${unknown.join(', ')}): start that one`);
      }
      const transaction = tx.getTransactionContext<Transaction<object>>();
      if (transaction === undefined) throw new Error('a transaction has no context');
      const applied = await orm.migrator.up({ transaction });
      return applied.map(({ name }) => name);
    });
  } finally {
    await orm.close(true);
  }
}

/** Names of migrations that this build has and the database has not. */
export async function pendingMigrations(orm: MikroORM): Promise<string[]> {
  const executed = new Set(await executedMigrations(orm.em.fork()));
  return MIGRATIONS.map(({ name }) => name).filter((name) => !executed.has(name));
}

async function executedMigrations(em: EntityManager): Promise<string[]> {
  const [table] = await em.execute<{ exists: boolean }[]>(
    `select to_regclass('schema_migrations') is not null as exists`,
  );
  if (table?.exists !== true) return [];
  const rows = await em.execute<{ name: string }[]>('select name from schema_migrations order by id');
  return rows.map(({ name }) => name);
}
