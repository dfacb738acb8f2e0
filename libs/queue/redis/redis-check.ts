import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';

import { PASS_QUEUE } from './queue.constants.js';

/** Warns at start about a Redis that may evict keys: Bull's keys and the counts of failed logins would disappear without an error. */
@Injectable()
export class RedisCheck implements OnApplicationBootstrap {
  private readonly logger = new Logger(RedisCheck.name);

  constructor(@InjectQueue(PASS_QUEUE) private readonly queue: Queue) {}

  /** Does not wait: a process starts without Redis, too. */
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
