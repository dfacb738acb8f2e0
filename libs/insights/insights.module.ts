import { Global, Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule, QueueBlockers } from '#deployments';
import { SchedulerModule } from '#scheduler';

import { BlockerCache } from './blockers/blocker-cache.js';
import { BlockersController } from './blockers/blockers.controller.js';
import { BlockersService } from './blockers/blockers.service.js';
import { CachedQueueBlockers } from './blockers/cached-queue-blockers.js';
import { Comparisons } from './comparison/comparisons.js';
import { ExplanationsController } from './explanation/explanations.controller.js';
import { ExplanationsService } from './explanation/explanations.service.js';
import { ForecastsController } from './forecast/forecasts.controller.js';
import { ForecastsService } from './forecast/forecasts.service.js';
import { RuntimeLearningModule } from '#runtimes';
import { AccuracyModule, LikelyStartsModule } from './likely/likely.module.js';
import { SimulationsController } from './simulation/simulations.controller.js';
import { SimulationsService } from './simulation/simulations.service.js';
import { WhatIfController } from './what-if/what-if.controller.js';
import { WhatIfService } from './what-if/what-if.service.js';

/**
 * Answers to "why is it waiting?" and "what if?": the planner runs in threads of the API's own process. Nothing here writes. Global, because
 * the pages of queues ask for blockers through their port.
 */
@Global()
@Module({
  imports: [
    AccuracyModule,
    ClustersModule,
    DeploymentsModule,
    LikelyStartsModule,
    RuntimeLearningModule,
    SchedulerModule,
  ],
  controllers: [
    BlockersController,
    ExplanationsController,
    WhatIfController,
    SimulationsController,
    ForecastsController,
  ],
  providers: [
    BlockersService,
    BlockerCache,
    { provide: QueueBlockers, useClass: CachedQueueBlockers },
    Comparisons,
    ExplanationsService,
    WhatIfService,
    SimulationsService,
    ForecastsService,
  ],
  exports: [QueueBlockers],
})
export class InsightsModule {}
