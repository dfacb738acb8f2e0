import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { changesOf, Database, sql } from '#database';

/** So long an answer is given again; a few minutes more may pass before it is gone. */
export const KEPT_HOURS = 24;

const LOOK_EVERY_MS = 60_000;

/** So many go at once: a small transaction, which nobody waits for. */
const BATCH = 1_000;

/** Removes answers that are not given again any more. Every process may: what another one removes is passed over. */
@Injectable()
export class IdempotencyRetention implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(IdempotencyRetention.name);
  private timer: NodeJS.Timeout | undefined;
  private underway: Promise<void> = Promise.resolve();

  constructor(private readonly database: Database) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.underway = this.underway.then(() => this.look());
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.underway;
  }

  /** Removes everything that is old enough, batch by batch. @returns how many answers went */
  async prune(): Promise<number> {
    let all = 0;
    for (let gone = BATCH; gone === BATCH; all += gone) gone = await this.pruneSome();
    return all;
  }

  private async look(): Promise<void> {
    try {
      await this.prune();
    } catch (error) {
      this.logger.warn(`answers to old requests were not removed, and will be later: ${String(error)}`);
    }
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
