import { BullModule } from '@nestjs/bull';
import { Global, Module } from '@nestjs/common';

import { Settings } from '#config';

import { ChangeHints } from './change-hints.js';
import { ClusterSignals } from './cluster-signals.js';
import { Nudges } from './nudges.js';
import { QueueShapes } from './queue-shapes.js';
import { PASS_QUEUE, PASS_QUEUE_SETTINGS, redisRetryDelay } from './queue.constants.js';
import { RedisCheck } from './redis-check.js';

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
  providers: [ChangeHints, ClusterSignals, Nudges, QueueShapes, RedisCheck],
  exports: [ChangeHints, ClusterSignals, Nudges, QueueShapes, BullModule],
})
export class QueueModule {}
