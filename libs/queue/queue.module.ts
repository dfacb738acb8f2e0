import { BullModule } from '@nestjs/bull';
import { Global, Module } from '@nestjs/common';

import { Settings } from '#config';

import { AccessHints } from './redis/access-hints.js';
import { ChangeHints } from './redis/change-hints.js';
import { ClusterSignals } from './cluster-signals.js';
import { Nudges } from './nudges.js';
import { QueueShapes } from './queue-shapes.js';
import { PASS_QUEUE, PASS_QUEUE_SETTINGS, redisRetryDelay } from './redis/queue.constants.js';
import { RedisCheck } from './redis/redis-check.js';

/** Signals and nudges, for every lib whose changes concern a pass. */
@Global()
@Module({
  imports: [
    BullModule.registerQueueAsync({
      name: PASS_QUEUE,
      inject: [Settings],
      useFactory: ({ redisUrl, queuePrefix }: Settings) => ({
        url: redisUrl,
        prefix: queuePrefix,
        redis: { retryStrategy: redisRetryDelay, maxRetriesPerRequest: null },
        settings: PASS_QUEUE_SETTINGS,
      }),
    }),
  ],
  providers: [AccessHints, ChangeHints, ClusterSignals, Nudges, QueueShapes, RedisCheck],
  exports: [AccessHints, ChangeHints, ClusterSignals, Nudges, QueueShapes, BullModule],
})
export class QueueModule {}
