import { AsyncLocalStorage } from 'node:async_hooks';

import { type IsolationLevel } from '@mikro-orm/core';
import { type EntityManager, type MikroORM } from '@mikro-orm/postgresql';

import { isRetryable } from '../sql/sql-state.js';

/** How often a transaction that lost a race (serialization failure, deadlock) is run again before the loss is reported. */
const MAX_ATTEMPTS = 4;

/** Settings of one transaction. */
export interface TransactionOptions {
  /** Limit of each statement in this transaction, in milliseconds, instead of the session's. */
  readonly statementTimeoutMs?: number;
  readonly isolationLevel?: IsolationLevel;
}

/** A transaction that everything below {@link Database.asOne} takes part in. */
interface Common {
  readonly tx: EntityManager;
  isOpen: boolean;
}

/** What is done when a transaction has committed. */
interface Commit {
  readonly acts: (() => void)[];
  isOpen: boolean;
}

/** Transactions and reads on PostgreSQL. Each use case opens a unit of work of its own; nothing is shared between requests or jobs. */
export class Database {
  private readonly common = new AsyncLocalStorage<Common>();
  private readonly commit = new AsyncLocalStorage<Commit>();
  private readonly isReading = new AsyncLocalStorage<true>();
  private checked: Promise<void> | undefined;

  /** @param assertSession checks a session of this process before its first transaction; throws when it may not be used */
  constructor(
    readonly orm: MikroORM,
    private readonly assertSession: (em: EntityManager) => Promise<void> = () => Promise.resolve(),
    /** The connections of lists and reports, where they have their own. */
    private readonly reads?: { readonly orm: MikroORM; readonly connections: number },
  ) {}

  /** How many connections lists and reports have to themselves; 0 where they share all. */
  get readConnections(): number {
    return this.reads?.connections ?? 0;
  }

  /** Runs lists and reports: every transaction and every read in `work` takes a connection of theirs. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    return this.isReading.run(true, work);
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await Promise.all([this.orm.close(true), this.reads?.orm.close(true)]);
  }

  /** Checks a session once per process; again when it could not be asked, or was not as it must be. */
  async checkSession(): Promise<void> {
    this.checked ??= this.assertSession(this.orm.em.fork()).catch((error: unknown) => {
      this.checked = undefined;
      throw error;
    });
    return this.checked;
  }

  /**
   * Runs `work` in one transaction, and again (at most three times more) when it lost a race against another one.
   * `work` must therefore have no effect outside the transaction.
   */
  async transaction<T>(work: (tx: EntityManager) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const common = this.current();
    if (common !== undefined) return joined(common.tx, work, options);
    await this.checkSession();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work, options);
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !isRetryable(error)) throw error;
      }
    }
  }

  /**
   * Runs `work`, and with it every transaction and every read that it leads to, as one transaction, and again when that lost a race: so that
   * what use cases do, who know nothing of each other, happens together or not at all.
   */
  async asOne<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.transaction((tx) => {
      const common: Common = { tx, isOpen: true };
      return this.common.run(common, () => work(tx)).finally(() => (common.isOpen = false));
    });
  }

  /** Does something that others may act upon when the caller's transaction has committed; at once when there is none. */
  afterCommit(act: () => void): void {
    const commit = this.commit.getStore();
    if (commit?.isOpen === true) commit.acts.push(act);
    else act();
  }

  /** A unit of work for reads that need no common snapshot. */
  reader(): EntityManager {
    return this.current()?.tx ?? this.present.em.fork();
  }

  private current(): Common | undefined {
    const common = this.common.getStore();
    return common?.isOpen === true ? common : undefined;
  }

  /** How many connections the process has, how many of them are at rest, and how many callers wait for one. */
  async poolUse(): Promise<{ readonly open: number; readonly idle: number; readonly waiting: number }> {
    const orms = this.reads === undefined ? [this.orm] : [this.orm, this.reads.orm];
    const pools = await Promise.all(orms.map(({ em }) => em.getConnection().getNativeClient()));
    const sum = (count: (pool: (typeof pools)[number]) => number): number =>
      pools.reduce((all, pool) => all + count(pool), 0);
    return {
      open: sum(({ totalCount }) => totalCount),
      idle: sum(({ idleCount }) => idleCount),
      waiting: sum(({ waitingCount }) => waitingCount),
    };
  }

  private get present(): MikroORM {
    return this.reads !== undefined && this.isReading.getStore() === true ? this.reads.orm : this.orm;
  }

  private async attempt<T>(work: (tx: EntityManager) => Promise<T>, options: TransactionOptions): Promise<T> {
    const { statementTimeoutMs, isolationLevel } = options;
    // Of this attempt alone: what a lost one left behind is not for the next.
    const commit: Commit = { acts: [], isOpen: true };
    const result = await this.present.em
      .fork()
      .transactional(
        async (tx) => {
          if (statementTimeoutMs !== undefined) {
            await tx.execute(`set local statement_timeout = ${Math.trunc(statementTimeoutMs)}`);
          }
          return this.commit.run(commit, () => work(tx));
        },
        isolationLevel === undefined ? {} : { isolationLevel },
      )
      .finally(() => (commit.isOpen = false));
    commit.acts.forEach((act) => act());
    return result;
  }
}

async function joined<T>(
  tx: EntityManager,
  work: (tx: EntityManager) => Promise<T>,
  { statementTimeoutMs, isolationLevel }: TransactionOptions,
): Promise<T> {
  if (isolationLevel !== undefined || statementTimeoutMs !== undefined) {
    throw new Error('a transaction with settings of its own takes part in no other');
  }
  return work(tx);
}
