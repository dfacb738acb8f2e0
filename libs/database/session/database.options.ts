import { type EntitySchema } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import { type Options } from '@mikro-orm/postgresql';
import { type Pool } from 'pg';

import { BoundDriver } from './bound-driver.js';
import { MIGRATIONS } from '../migrations/index.js';
import { sendPrepared } from './prepared-statements.js';
import { traceStatements } from './traced-statements.js';

/** How a process reaches PostgreSQL. */
export interface DatabaseSettings {
  /** `postgresql://user:password@host:port/name` */
  readonly url: string;
  /** Most connections that the process holds at once. */
  readonly poolMax: number;
  /** How many of them are for lists and reports alone; 0 for none. */
  readonly readPoolMax?: number;
  /** Shown in `pg_stat_activity`, so that an operator sees who holds a lock. */
  readonly applicationName: string;
  /** Whether a warning is due when the role owns the tables. */
  readonly isProduction?: boolean;
}

/** An entity's schema or class, as MikroORM takes it. */
export type Entity = EntitySchema | { new (...args: never[]): object };

/**
 * How many connections of a process are for lists and reports: two fifths, where each part has two at least. What is slow in them waits for
 * itself, and never delays authentication and writes; neither do writes take the connections of lists.
 */
export function readPoolOf(poolMax: number): number {
  return poolMax < 5 ? 0 : Math.floor((poolMax * 2) / 5);
}

/** Limits of every session, in milliseconds. A pass raises its own statement limit; nothing raises the others. */
export const SESSION_LIMITS = {
  /** One statement. The API answers 503 rather than keep a client waiting longer. */
  statementTimeoutMs: 5_000,
  /** Waiting for a lock. */
  lockTimeoutMs: 2_000,
  /** The fence: a process that stops in the middle of a transaction loses its session, and with it the right to commit. */
  idleInTransactionTimeoutMs: 10_000,
  /** Waiting for a free connection of the pool. */
  acquireTimeoutMs: 3_000,
} as const;

/** The ORM's configuration: explicit entities, explicit migrations, limits on everything that can wait. */
export function databaseOptions(settings: DatabaseSettings, entities: readonly Entity[]): Options {
  const { statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs, acquireTimeoutMs } = SESSION_LIMITS;
  return {
    driver: BoundDriver,
    clientUrl: settings.url,
    entities: [...entities],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    pool: { min: 0, max: settings.poolMax },
    forceUtcTimezone: true,
    driverOptions: {
      application_name: settings.applicationName,
      connectionTimeoutMillis: acquireTimeoutMs,
      keepAlive: true,
      onPoolCreated: (pool: Pool) => {
        sendPrepared(pool);
        traceStatements(pool);
      },
      options: [
        `-c statement_timeout=${statementTimeoutMs}`,
        `-c lock_timeout=${lockTimeoutMs}`,
        `-c idle_in_transaction_session_timeout=${idleInTransactionTimeoutMs}`,
        '-c TimeZone=UTC',
        '-c DateStyle=ISO',
        // Plans of a few milliseconds gain nothing from compilation, and lose 50 ms to it.
        '-c jit=off',
      ].join(' '),
    },
    migrations: {
      tableName: 'schema_migrations',
      migrationsList: [...MIGRATIONS],
      snapshot: false,
      transactional: true,
      allOrNothing: true,
    },
    // Every use case forks its own entity manager (see Database); the global one must never be used by accident.
    allowGlobalContext: false,
  };
}
