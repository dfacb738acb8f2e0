import { Injectable } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks } from '#background';
import { changesOf, Database, sql } from '#database';

/** How long an answer is repeated. It is deleted a few minutes later at most. */
export const KEPT_HOURS = 24;

const PRUNE_EVERY_MS = 60_000;

/** How many answers one transaction deletes. */
const BATCH = 1_000;

/** Deletes answers that are no longer repeated. Every process may run it: rows that another one deletes are skipped. */
@Injectable()
export class IdempotencyRetention {
  private readonly task: BackgroundTask;

  constructor(
    private readonly database: Database,
    tasks: BackgroundTasks,
  ) {
    const name = 'deleting the answers to old requests';
    this.task = tasks.add({ name, run: () => this.prune(), pauseMs: PRUNE_EVERY_MS });
  }

  /** Deletes every answer that is old enough, batch by batch. @returns how many */
  async prune(): Promise<number> {
    let all = 0;
    for (let deleted = BATCH; deleted === BATCH && !this.task.signal.aborted; all += deleted) {
      deleted = await this.pruneSome();
    }
    return all;
  }

  private async pruneSome(): Promise<number> {
    return changesOf(
      this.database.reader(),
      sql`delete from idempotent_answers where id = any(array(
            select id from idempotent_answers
            where created_at < now() - ${KEPT_HOURS}::int * interval '1 hour'
            order by created_at limit ${BATCH} for update skip locked))`,
    );
  }
}
