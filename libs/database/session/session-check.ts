import { type EntityManager } from '@mikro-orm/postgresql';
import { sql } from 'kysely';

import { CommandError } from '../commands/command.js';
import { SESSION_LIMITS } from './database.options.js';
import { exactlyOne } from '../sql/exactly-one.js';
import { rowsOf } from '../sql/statements.js';

const EXPECTED_MS: Readonly<Record<string, number>> = {
  statement_timeout: SESSION_LIMITS.statementTimeoutMs,
  lock_timeout: SESSION_LIMITS.lockTimeoutMs,
  idle_in_transaction_session_timeout: SESSION_LIMITS.idleInTransactionTimeoutMs,
};

const OLDEST_POSTGRES = 15;
const NEWEST_POSTGRES = 18;

/** Reads the major version of the server. */
export async function serverVersion(em: EntityManager): Promise<number> {
  const statement = sql<{ version: number }>`select current_setting('server_version_num')::int / 10000 as version`;
  return exactlyOne(await rowsOf(em, statement)).version;
}

/** Why a major version of PostgreSQL cannot be used, as a sentence; undefined where it can: the order of events and the plans of lists are tested with these. */
export function unsupportedVersion(version: number): string | undefined {
  if (version >= OLDEST_POSTGRES && version <= NEWEST_POSTGRES) return undefined;
  return `PostgreSQL must be ${OLDEST_POSTGRES} to ${NEWEST_POSTGRES}, and is ${version}`;
}

/**
 * Checks that a session may be used: the version of its server, and its limits.
 *
 * @throws CommandError when it may not
 */
export async function assertSession(em: EntityManager): Promise<void> {
  const unsupported = unsupportedVersion(await serverVersion(em));
  if (unsupported !== undefined) throw new CommandError(unsupported);
  await assertSessionLimits(em);
}

/**
 * Checks that the session has the limits that the process asked for when it connected. A pooler in transaction mode drops them without an
 * error, and without the last one a stalled worker keeps its transaction and can commit after another worker took over.
 *
 * @throws CommandError when one is absent or longer
 */
async function assertSessionLimits(em: EntityManager): Promise<void> {
  const rows = await rowsOf(
    em,
    sql<{ name: string; ms: number }>`
      select name, setting::int as ms from pg_settings where name = any(${Object.keys(EXPECTED_MS)})`,
  );
  const wrong = rows
    .filter(({ name, ms }) => ms === 0 || ms > (EXPECTED_MS[name] ?? 0))
    .map(({ name, ms }) => `${name} is ${ms} ms instead of ${EXPECTED_MS[name] ?? 0} ms`);
  if (wrong.length === 0) return;
  throw new CommandError(
    `the database session does not keep its limits (${wrong.join(', ')}): a pooler in transaction mode drops them. ` +
      'Let DATABASE_URL name PostgreSQL itself or a pool in session mode, or set the limits for the role (alter role ... set ...)',
  );
}

/** Whether the role of the session owns the tables, or may act as their owner: then it could disable the triggers that guard them. */
export async function ownsTables(em: EntityManager): Promise<boolean> {
  const rows = await rowsOf(
    em,
    sql<{ owns: boolean }>`
      select pg_has_role(relowner, 'member') as owns from pg_class where oid = to_regclass('audit_entries')`,
  );
  return rows[0]?.owns === true;
}
