import { Injectable } from '@nestjs/common';

import { type BackgroundTask, BackgroundTasks } from '#background';
import { Settings } from '#config';
import { changesOf, Database, sql } from '#database';

const EVERY_MS = 3_600_000;

/** The forecasts that one statement removes. */
const BATCH = 1_000;

/** Removing takes at most 1/SHARE of the time. */
const SHARE = 10;

/** Removes recorded forecasts that are as old as learned runtimes may be. */
@Injectable()
export class PredictionRetention {
  private readonly task: BackgroundTask;

  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    tasks: BackgroundTasks,
  ) {
    this.task = tasks.add({ name: 'removing old forecasts', run: () => this.prune(), pauseMs: EVERY_MS });
  }

  /** Removes all that are too old, those of deleted clusters included. */
  async prune(): Promise<void> {
    const batch = sql`delete from start_predictions where (cluster_id, deployment_id) in (
      select cluster_id, deployment_id from start_predictions
      where predicted_at < now() - interval '1 day' * ${this.settings.runtimeRetentionDays}::int limit ${BATCH})`;
    const remove = (): Promise<number> => changesOf(this.database.reader(), batch);
    while (!this.task.signal.aborted && (await this.task.paced(SHARE, remove)) === BATCH);
  }
}
