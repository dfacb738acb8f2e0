import { Injectable } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks } from '#background';
import { Settings } from '#config';
import { changesOf, Database, firstIdAfter, type Fragment, sql } from '#database';

import { DecisionRetention } from '../decisions/decision-retention.js';

/** The records that one statement removes: a small transaction, which delays no other. */
const BATCH = 1_000;

/** Removing takes at most 1/SHARE of the time. */
const SHARE = 10;

const EVERY_MS = 3_600_000;

/** Removes records of passes, their snapshots and recorded decisions that are older than the installation keeps them. */
@Injectable()
export class PassRetention {
  private readonly task: BackgroundTask;

  constructor(
    private readonly settings: Settings,
    private readonly database: Database,
    private readonly decisions: DecisionRetention,
    tasks: BackgroundTasks,
  ) {
    this.task = tasks.add({ name: 'removing old passes', run: () => this.prune(), pauseMs: EVERY_MS });
  }

  /** Removes the oldest first: ids grow with time, so that everything from the oldest record on is complete. */
  async prune(): Promise<void> {
    const days = sql`interval '1 day' * ${this.settings.passRetentionDays}::int`;
    const hours = sql`interval '1 hour' * ${this.settings.passSnapshotHours}::int`;
    await this.removeAll(sql`delete from pass_snapshots where pass_id = any(array(
        select pass_id from pass_snapshots where pass_id < ${firstIdAfter(sql`least(${hours}, ${days})`)}
        order by pass_id limit ${BATCH} for update skip locked))`);
    await this.removeAll(sql`delete from passes where id = any(array(
        select id from passes where id < ${firstIdAfter(days)} order by id limit ${BATCH} for update skip locked))`);
    await this.decisions.prune((work) => this.paced(work));
  }

  private async paced(work: () => Promise<boolean>): Promise<boolean> {
    return !this.task.signal.aborted && this.task.paced(SHARE, work);
  }

  private async removeAll(batch: Fragment): Promise<void> {
    const remove = (): Promise<number> => changesOf(this.database.reader(), batch);
    while (!this.task.signal.aborted && (await this.task.paced(SHARE, remove)) === BATCH);
  }
}
