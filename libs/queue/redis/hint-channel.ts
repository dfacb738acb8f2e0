import { Logger } from '@nestjs/common';
import type { Queue } from 'bull';
import { Redis } from 'ioredis';

import { redisRetryDelay } from './queue.constants.js';

/** Equal hints within this time become one. */
const GATHER_MS = 5;

/** Sends ids to every process within milliseconds, over Redis. A hint may be lost, and no caller waits for it. */
export class HintChannel {
  private readonly logger = new Logger(HintChannel.name);
  private readonly gathered = new Set<string>();
  private readonly listeners = new Set<(id: string) => void>();
  private subscriber: Redis | undefined;

  constructor(
    private readonly queue: Queue,
    private readonly redisUrl: string,
    private readonly channel: string,
  ) {}

  send(id: string): void {
    if (this.gathered.size === 0) setTimeout(() => this.publish(), GATHER_MS).unref();
    this.gathered.add(id);
  }

  /** Calls `listener` with the id of every hint. @returns a function that ends this */
  listen(listener: (id: string) => void): () => void {
    this.listeners.add(listener);
    this.subscriber ??= this.subscribe();
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.subscriber?.disconnect();
  }

  private publish(): void {
    const ids = [...this.gathered];
    this.gathered.clear();
    const { client } = this.queue;
    // Without a connection, commands would collect in memory and arrive too late.
    if (client.status !== 'ready') return;
    for (const id of ids) {
      client
        .publish(this.channel, id)
        .catch((error: unknown) => this.logger.debug(`a hint was lost: ${String(error)}`));
    }
  }

  private subscribe(): Redis {
    const subscriber = new Redis(this.redisUrl, { retryStrategy: redisRetryDelay, maxRetriesPerRequest: null });
    subscriber.on('error', (error: Error) => this.logger.debug(`Redis: ${error.message}`));
    subscriber.on('message', (_channel, id) => this.listeners.forEach((listener) => listener(id)));
    subscriber.subscribe(this.channel).catch((error: unknown) => this.logger.debug(`no hints: ${String(error)}`));
    return subscriber;
  }
}
