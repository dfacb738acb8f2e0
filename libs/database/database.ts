import { type IsolationLevel } from '@mikro-orm/core';
import { type EntityManager, type MikroORM } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';

import { isRetryable } from './sql-state.js';

/** A piece of SQL with its bound parameters. */
export type Fragment = RawBuilder<unknown>;

/** How often a transaction that lost a race (serialization failure, deadlock) is run again before the loss is reported. */
const MAX_ATTEMPTS = 4;

/** Settings of one transaction. */
export interface TransactionOptions {
  /** Limit of each statement in this transaction, in milliseconds, instead of the session's. */
  readonly statementTimeoutMs?: number;
  readonly isolationLevel?: IsolationLevel;
}

/**
 * The door to PostgreSQL. Every use case opens its own unit of work here; nothing is shared between requests or jobs.
 */
export class Database {
  constructor(readonly orm: MikroORM) {}

  /**
   * Runs `work` in one transaction, and again (at most three times more) when it lost a race against another one.
   * `work` must therefore have no effect outside the transaction.
   */
  async transaction<T>(work: (tx: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work, options);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }

  /** A unit of work for reads that need no common snapshot. */
  reader(): EntityManager {
    return this.orm.em.fork();
  }

  private async attempt<T>(work: (tx: EntityManager) => Promise<T>, options: TransactionOptions): Promise<T> {
    const { statementTimeoutMs, isolationLevel } = options;
    return this.orm.em.fork().transactional(
      async (tx) => {
        if (statementTimeoutMs !== undefined) {
          await tx.execute(`set local statement_timeout = ${Math.trunc(statementTimeoutMs)}`);
        }
        return work(tx);
      },
      isolationLevel === undefined ? {} : { isolationLevel },
    );
  }
}

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
 * empty table it joins by nested scans, and a step of 20 ms takes minutes. Proven by test/integration/pass-cost.spec.ts.
 */
export async function preferIndexes(tx: EntityManager): Promise<void> {
  await rowsOf(
    tx,
    sql`select set_config(name, 'off', true)
        from unnest(array['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort']) as name`,
  );
}
