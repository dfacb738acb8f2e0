import { Global, Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule, QueueBlockers } from '#deployments';
import { ClusterSchedules, PassSights, Planner, PresentReader, Questions, SnapshotReader } from '#scheduler';

import { BlockersController } from './blockers/blockers.controller.js';
import { BlockersService } from './blockers/blockers.service.js';
import { KeptBlockers } from './blockers/kept-blockers.js';
import { KeptSurveys } from './blockers/kept-surveys.js';
import { ForecastsController } from './forecast/forecasts.controller.js';
import { ForecastsService } from './forecast/forecasts.service.js';
import { WhatIfController } from './what-if/what-if.controller.js';
import { WhatIfService } from './what-if/what-if.service.js';
import { WholeProblemsController } from './simulation/whole-problems.controller.js';
import { WholeProblemsService } from './simulation/whole-problems.service.js';
import { Comparisons } from './comparison/comparisons.js';
import { ExplanationsController } from './explanation/explanations.controller.js';
import { ExplanationsService } from './explanation/explanations.service.js';

/** What keeps queues, where passes have left it. Global, because the pages of queues ask for it through their port. */
@Global()
@Module({
  providers: [KeptSurveys, { provide: QueueBlockers, useClass: KeptBlockers }],
  exports: [KeptSurveys, QueueBlockers],
})
export class KeptBlockersModule {}

/** Answers to "why is it waiting?" and "what if?": questions to the planner, in threads of the API's own process. */
@Module({
  imports: [ClustersModule, DeploymentsModule, KeptBlockersModule],
  controllers: [
    BlockersController,
    ExplanationsController,
    WhatIfController,
    WholeProblemsController,
    ForecastsController,
  ],
  providers: [
    Planner,
    Questions,
    ClusterSchedules,
    SnapshotReader,
    PresentReader,
    PassSights,
    Comparisons,
    ExplanationsService,
    WhatIfService,
    WholeProblemsService,
    ForecastsService,
    BlockersService,
  ],
  exports: [PassSights],
})
export class ExplanationModule {}
