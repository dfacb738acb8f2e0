import { Injectable } from '@nestjs/common';

import { Settings } from '#config';
import { changesOf, Database, sql } from '#database';

/** So many records go at once: a small transaction, which nobody waits for. */
const BATCH = 1_000;

/** Removes records of passes that are older than the installation keeps them. */
@Injectable()
export class PassRetention {
  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
  ) {}

  /**
   * Removes one batch, oldest first: of ids, which grow with time, so that everything from the oldest record on is complete.
   *
   * @returns how many records went
   */
  async prune(): Promise<number> {
    return changesOf(
      this.database.reader(),
      sql`delete from passes where id = any(array(
            select id from passes
            where id < (lpad(to_hex((extract(epoch from now() - interval '1 day' * ${this.settings.passRetentionDays}::int) * 1000)::bigint), 12, '0')
                        || repeat('0', 20))::uuid
            order by id limit ${BATCH}))`,
    );
  }
}
