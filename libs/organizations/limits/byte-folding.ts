import { Injectable } from '@nestjs/common';

import { BackgroundTasks, tryNamedLock } from '#background';
import { Database } from '#database';

import { foldByteChanges } from '../stored-bytes.repository.js';

const NAME = 'adding up stored bytes';
const FOLD_EVERY_MS = 2_000;

/** Adds up the changes of stored bytes, so that reading them costs a few rows. One process of the installation does it at a time. */
@Injectable()
export class ByteFolding {
  constructor(
    private readonly database: Database,
    tasks: BackgroundTasks,
  ) {
    const task = tasks.add({
      name: NAME,
      pauseMs: FOLD_EVERY_MS,
      run: async () => {
        while (!task.signal.aborted && (await this.fold()) > 0);
      },
    });
  }

  /** Adds up some changes. @returns how many organizations they concerned; 0 when none is left, or another process adds up */
  async fold(): Promise<number> {
    return this.database.transaction(async (tx) => ((await tryNamedLock(tx, NAME)) ? foldByteChanges(tx) : 0));
  }
}
