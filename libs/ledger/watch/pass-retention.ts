import { Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { changesOf, Database, firstIdAfter, sql } from '#database';

/** So many records go at once: a small transaction, which nobody waits for. */
const BATCH = 1_000;

/** Removes records of passes, and what passes saw, that are older than the installation keeps them. */
@Injectable()
export class PassRetention {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
  ) {}

  /**
   * Removes one batch of records, and one of what passes saw, oldest first: of ids, which grow with time, so that everything from the oldest record on is complete.
   *
   * @returns the size of the larger batch
   */
  async prune(): Promise<number> {
    const sights = await changesOf(
      this.database.reader(),
      sql`delete from pass_sights where pass_id = any(array(
            select pass_id from pass_sights
            where pass_id < ${firstIdAfter(sql`least(interval '1 hour' * ${this.settings.passSightHours}::int, interval '1 day' * ${this.settings.passRetentionDays}::int)`)}
            order by pass_id limit ${BATCH}))`,
    );
    const records = await changesOf(
      this.database.reader(),
      sql`delete from passes where id = any(array(
            select id from passes
            where id < ${firstIdAfter(sql`interval '1 day' * ${this.settings.passRetentionDays}::int`)}
            order by id limit ${BATCH}))`,
    );
    return Math.max(sights, records);
  }
}
