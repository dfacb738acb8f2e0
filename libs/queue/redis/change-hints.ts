import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bull';

import { Settings } from '#config';

import { PASS_QUEUE } from './queue.constants.js';
import { HintChannel } from './hint-channel.js';

/**
 * Tells every process within milliseconds that something has changed in a cluster. A hint may be lost: listeners also read once a second.
 * No caller waits for it.
 */
@Injectable()
export class ChangeHints implements OnApplicationShutdown {
  private readonly channel: HintChannel;

  constructor(@InjectQueue(PASS_QUEUE) queue: Queue, { redisUrl, queuePrefix }: Settings) {
    this.channel = new HintChannel(queue, redisUrl, `${queuePrefix}:changes`);
  }

  /** Announces a commit in a cluster. */
  changed(clusterId: string): void {
    this.channel.send(clusterId);
  }

  /** Calls `listener` with the id of every cluster that changes. @returns a function that ends this */
  listen(listener: (clusterId: string) => void): () => void {
    return this.channel.listen(listener);
  }

  onApplicationShutdown(): void {
    this.channel.close();
  }
}
