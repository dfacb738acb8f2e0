import { setTimeout as sleep } from 'node:timers/promises';

import { type MigrationObject } from '@mikro-orm/core';
import { type EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { type Kysely, sql } from 'kysely';

import { CommandError } from '../commands/command.js';
import { databaseOptions, type DatabaseSettings } from '../session/database.options.js';
import { MIGRATIONS } from '../migrations/index.js';
import { grantTo } from './grants.js';
import { isRetryable, sqlStateOf } from '../sql/sql-state.js';

/** One number for all processes of an installation, so that only one of them migrates at a time. */
const MIGRATION_LOCK = 7_290_127_110;

/** How often a process asks whether another one has finished migrating. It must not wait inside of PostgreSQL: a concurrent index would wait for it. */
const LOCK_POLL_MS = 200;

/**
 * A migration waits no longer than this for a lock on a table, because everybody who comes after it waits behind it. Then it makes way, and
 * tries again.
 */
const LOCK_TIMEOUT_MS = 2_000;
const PATIENCE = { attempts: 30, pauseMs: 1_000 };

const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Brings the schema up to date, once however many processes try. Each migration is a transaction of its own, and recorded in it; one that
 * must not be (a concurrent index) says so, and can be run again after it was interrupted. What is applied stays applied: a command that was
 * interrupted runs the command again.
 *
 * @param migrations those of this build; tests give others
 * @param patience how often a migration tries to get its locks; tests have less of it
 * @param processRole the role of the processes, where the role that migrates is another one
 * @returns the names of the migrations that were applied now
 * @throws CommandError when the database knows a migration that this build does not, or when a lock cannot be had
 */
export async function migrate(
  settings: DatabaseSettings,
  migrations: readonly MigrationObject[] = MIGRATIONS,
  patience = PATIENCE,
  processRole?: string,
): Promise<string[]> {
  const options = databaseOptions({ ...settings, poolMax: Math.max(2, settings.poolMax) }, []);
  // The ORM would write a line per step in its own style: the caller reports what was applied.
  const orm = await MikroORM.init({
    ...options,
    logger: () => undefined,
    migrations: { ...options.migrations, migrationsList: [...migrations], allOrNothing: false },
    driverOptions: { ...options.driverOptions, options: `-c statement_timeout=0 -c lock_timeout=${LOCK_TIMEOUT_MS}` },
  });
  try {
    return await alone(orm, async () => {
      const applied = await applyPending(orm, migrations, patience);
      if (processRole !== undefined) await grantTo(orm, processRole);
      return applied;
    });
  } finally {
    await orm.close(true);
  }
}

/**
 * The role of the processes where it is not the one that migrates.
 *
 * @throws CommandError when the two addresses name different databases
 */
export function processRoleOf(databaseUrl: string, migrationUrl: string | undefined): string | undefined {
  if (migrationUrl === undefined) return undefined;
  const [processes, owner] = [new URL(databaseUrl), new URL(migrationUrl)];
  if (processes.pathname !== owner.pathname) {
    throw new CommandError('STOWAGE_MIGRATION_URL names another database than DATABASE_URL');
  }
  return processes.username === owner.username ? undefined : decodeURIComponent(processes.username);
}

/** Holds a connection, and on it the lock, while `work` uses others. A process that dies releases it. */
async function alone<T>(orm: MikroORM, work: () => Promise<T>): Promise<T> {
  const kysely: Kysely<unknown> = orm.em.getKysely<unknown>();
  return kysely.connection().execute(async (connection) => {
    for (;;) {
      const { rows } = await sql<{
        isMine: boolean;
      }>`select pg_try_advisory_lock(${MIGRATION_LOCK}) as "isMine"`.execute(connection);
      if (rows[0]?.isMine === true) break;
      await sleep(LOCK_POLL_MS);
    }
    try {
      return await work();
    } finally {
      await sql`select pg_advisory_unlock(${MIGRATION_LOCK})`.execute(connection);
    }
  });
}

async function applyPending(
  orm: MikroORM,
  migrations: readonly MigrationObject[],
  patience: typeof PATIENCE,
): Promise<string[]> {
  const executed = new Set(await executedMigrations(orm.em.fork()));
  const [obstacle] = foreignTo(migrations, [...executed]);
  if (obstacle !== undefined) throw new CommandError(obstacle);
  const applied: string[] = [];
  for (const { name } of migrations) {
    if (executed.has(name)) continue;
    await applyOne(orm, name, patience);
    applied.push(name);
  }
  return applied;
}

/** Why this build cannot migrate a database: sentences with the remedy, none when it can. */
export function foreignTo(migrations: readonly MigrationObject[], executed: readonly string[]): string[] {
  const [first] = migrations;
  if (first !== undefined && executed.length > 0 && !executed.includes(first.name)) {
    return [
      `the database has the schema of a build from before the first release (${executed.at(-1) ?? ''}), which no release upgrades: ` +
        'name an empty database in DATABASE_URL, or move the data directory of npm start away (STOWAGE_DATA_DIR, by default .data)',
    ];
  }
  return executed
    .filter((name) => !migrations.some((migration) => migration.name === name))
    .map((name) => `the database was migrated by a newer build: this one does not know ${name}`);
}

async function applyOne(orm: MikroORM, name: string, { attempts, pauseMs }: typeof PATIENCE): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await orm.migrator.up({ migrations: [name] });
      return;
    } catch (error) {
      // Another session may have locked one table and want the next: a deadlock leaves nothing behind, either.
      if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE && !isRetryable(error)) throw error;
      if (attempt === attempts) {
        const why = isRetryable(error)
          ? 'others want the same tables in another order, and the last try ended in a deadlock'
          : 'something holds a table it needs (stowage-admin upgrade check reports it)';
        throw new CommandError(
          `${name} could not get its locks within ${attempts} tries: ${why}. What was applied before it stays; run this again`,
        );
      }
      await sleep(pauseMs);
    }
  }
}

/** Names of migrations that this build has and the database has not. */
export async function pendingMigrations(orm: MikroORM): Promise<string[]> {
  const executed = new Set(await executedMigrations(orm.em.fork()));
  return MIGRATIONS.map(({ name }) => name).filter((name) => !executed.has(name));
}

/** Names of migrations that the database has, oldest first. */
export async function executedMigrations(em: EntityManager): Promise<string[]> {
  const [table] = await em.execute<{ exists: boolean }[]>(
    `select to_regclass('schema_migrations') is not null as exists`,
  );
  if (table?.exists !== true) return [];
  const rows = await em.execute<{ name: string }[]>('select name from schema_migrations order by id');
  return rows.map(({ name }) => name);
}
