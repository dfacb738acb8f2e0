import { InjectQueue } from '@nestjs/bull';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Queue } from 'bull';
import { Redis } from 'ioredis';

import { Settings } from '#config';

import { PASS_QUEUE, type PassJob, redisRetryDelay } from './queue.constants.js';

/** Changes of a cluster within this time become one hint. */
const GATHER_MS = 5;

/**
 * Tells every process within milliseconds that something has changed in a cluster. A hint may be lost: listeners also read once a second.
 * No caller waits for it.
 */
@Injectable()
export class ChangeHints implements OnApplicationShutdown {
  private readonly logger = new Logger(ChangeHints.name);
  private readonly channel: string;
  private readonly gathered = new Set<string>();
  private readonly listeners = new Set<(clusterId: string) => void>();
  private subscriber: Redis | undefined;

  constructor(
    @InjectQueue(PASS_QUEUE) private readonly queue: Queue<PassJob>,
    private readonly settings: Settings,
  ) {
    this.channel = `${settings.queuePrefix}:changes`;
  }

  /** Announces a commit in a cluster. */
  changed(clusterId: string): void {
    if (this.gathered.size === 0) setTimeout(() => this.publish(), GATHER_MS).unref();
    this.gathered.add(clusterId);
  }

  /** Calls `listener` with the id of every cluster that changes. @returns a function that ends this */
  listen(listener: (clusterId: string) => void): () => void {
    this.listeners.add(listener);
    this.subscriber ??= this.subscribe();
    return () => this.listeners.delete(listener);
  }

  onApplicationShutdown(): void {
    this.subscriber?.disconnect();
  }

  private publish(): void {
    const clusterIds = [...this.gathered];
    this.gathered.clear();
    const { client } = this.queue;
    // Without a connection, commands would collect in memory and arrive too late.
    if (client.status !== 'ready') return;
    for (const clusterId of clusterIds) {
      client
        .publish(this.channel, clusterId)
        .catch((error: unknown) => this.logger.debug(`a hint was lost: ${String(error)}`));
    }
  }

  private subscribe(): Redis {
    const subscriber = new Redis(this.settings.redisUrl, {
      retryStrategy: redisRetryDelay,
      maxRetriesPerRequest: null,
    });
    subscriber.on('error', (error: Error) => this.logger.debug(`Redis: ${error.message}`));
    subscriber.on('message', (_channel, clusterId) => this.listeners.forEach((listener) => listener(clusterId)));
    subscriber.subscribe(this.channel).catch((error: unknown) => this.logger.debug(`no hints: ${String(error)}`));
    return subscriber;
  }
}
