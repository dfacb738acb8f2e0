import { MikroORM } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';

import { databaseOptions, type DatabaseSettings } from '../session/database.options.js';
import { serverVersion, unsupportedVersion } from '../session/session-check.js';
import { rowsOf } from '../sql/statements.js';
import { MIGRATIONS } from '../migrations/index.js';
import { executedMigrations, foreignTo } from './migrator.js';

/** What a migration of this database would meet. */
export interface UpgradeReport {
  /** What is to be known, a sentence each. */
  readonly facts: readonly string[];
  /** What must be settled first, a sentence each. */
  readonly obstacles: readonly string[];
}

/** A session that has been in a transaction for longer would keep migrations waiting. */
const LONG_SECONDS = 10;

/** Tables with more rows than this are worth a word. */
const MANY_ROWS = 1_000_000;

/** Looks at a database, and changes nothing. */
export async function upgradeReport(settings: DatabaseSettings): Promise<UpgradeReport> {
  const orm = await MikroORM.init({ ...databaseOptions(settings, []), logger: () => undefined });
  const read = <Row>(statement: RawBuilder<Row>): Promise<Row[]> => rowsOf(orm.em.fork(), statement);
  try {
    const executed = await executedMigrations(orm.em.fork());
    const pending = MIGRATIONS.map(({ name }) => name).filter((name) => !executed.includes(name));
    const version = await serverVersion(orm.em.fork());
    const unsupported = unsupportedVersion(version);
    const large = await read(sql<{ name: string; rows: number }>`
      select relname as name, reltuples::float8 as rows from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace and reltuples > ${MANY_ROWS} order by 1`);
    return {
      facts: [
        `PostgreSQL ${version}`,
        executed.length === 0 ? 'the database is empty' : `the schema is that of ${executed.at(-1) ?? ''}`,
        pending.length === 0 ? 'nothing is pending' : `pending: ${pending.join(', ')}`,
        ...large.map(({ name, rows }) => `${name} has about ${Math.round(rows / MANY_ROWS)} million rows`),
      ],
      obstacles: [
        ...(unsupported === undefined ? [] : [unsupported]),
        ...foreignTo(MIGRATIONS, executed),
        ...(await read(INVALID_INDEXES)).map(
          ({ name }) => `the index ${name} was not finished: drop it, and run the migration that makes it again`,
        ),
        ...(await read(LONG_TRANSACTIONS)).map(
          ({ pid, who, seconds }) =>
            `session ${pid} (${who}) has been in a transaction for ${seconds} s: a migration would wait for it`,
        ),
      ],
    };
  } finally {
    await orm.close(true);
  }
}

const INVALID_INDEXES = sql<{ name: string }>`
  select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid where not i.indisvalid order by 1`;

const LONG_TRANSACTIONS = sql<{ pid: number; who: string; seconds: number }>`
  select pid, coalesce(nullif(application_name, ''), usename::text, 'unknown') as who,
         extract(epoch from clock_timestamp() - xact_start)::int as seconds
  from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()
    and xact_start < clock_timestamp() - ${LONG_SECONDS}::int * interval '1 second'
  order by xact_start`;
