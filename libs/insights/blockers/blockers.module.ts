import { Global, Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { QueueBlockers } from '#deployments';

import { BlockersController } from './blockers.controller.js';
import { BlockersService } from './blockers.service.js';
import { KeptBlockers } from './kept-blockers.js';
import { KeptSurveys } from './kept-surveys.js';

/** What keeps queues, where passes have left it. Global, because the pages of queues ask for it through their port. */
@Global()
@Module({
  imports: [ClustersModule],
  controllers: [BlockersController],
  providers: [BlockersService, KeptSurveys, { provide: QueueBlockers, useClass: KeptBlockers }],
  exports: [QueueBlockers],
})
export class BlockersModule {}
