import { Global, Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { QueueBlockers } from '#deployments';

import { BlockersController } from './blockers.controller.js';
import { BlockersService } from './blockers.service.js';
import { CachedQueueBlockers } from './cached-queue-blockers.js';
import { BlockerCache } from './blocker-cache.js';

/** What keeps queues, where passes have left it. Global, because the pages of queues ask for it through their port. */
@Global()
@Module({
  imports: [ClustersModule],
  controllers: [BlockersController],
  providers: [BlockersService, BlockerCache, { provide: QueueBlockers, useClass: CachedQueueBlockers }],
  exports: [QueueBlockers],
})
export class BlockersModule {}
