import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';

import { PASS_QUEUE } from './queue.constants.js';

/** Warns at start of a Redis that may drop keys: Bull's go missing then without an error, and so do the counts of failed logins. */
@Injectable()
export class RedisCheck implements OnApplicationBootstrap {
  private readonly logger = new Logger(RedisCheck.name);

  constructor(@InjectQueue(PASS_QUEUE) private readonly queue: Queue) {}

  /** Waits for nothing: a Redis that is away must not keep a process from starting. */
  onApplicationBootstrap(): void {
    this.queue.client.info('memory').then(
      (answer) => {
        const policy = /^maxmemory_policy:(\S+)/m.exec(answer)?.[1];
        if (policy !== undefined && policy !== 'noeviction') {
          this.logger.warn(`Redis runs with maxmemory-policy ${policy} and may drop keys: set it to noeviction`);
        }
      },
      () => undefined,
    );
  }
}
