import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bull';

import { Settings } from '#config';

import { PASS_QUEUE } from './queue.constants.js';
import { HintChannel } from './hint-channel.js';

/**
 * Tells every process within milliseconds that access has changed, by the id of a user, service account, session, token or organization.
 * A hint may be lost: an answer that outlives a request also checks its access every few seconds.
 */
@Injectable()
export class AccessHints implements OnApplicationShutdown {
  private readonly channel: HintChannel;

  constructor(@InjectQueue(PASS_QUEUE) queue: Queue, { redisUrl, queuePrefix }: Settings) {
    this.channel = new HintChannel(queue, redisUrl, `${queuePrefix}:access`);
  }

  /** Announces a change that has committed. */
  changed(id: string): void {
    this.channel.send(id);
  }

  /** Calls `listener` with every id whose access changes. @returns a function that ends this */
  listen(listener: (id: string) => void): () => void {
    return this.channel.listen(listener);
  }

  onApplicationShutdown(): void {
    this.channel.close();
  }
}
