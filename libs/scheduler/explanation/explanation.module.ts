import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule } from '#deployments';

import { Planner } from '../pass/planner.js';
import { Comparisons } from './comparisons.js';
import { ExplanationsController } from './explanations.controller.js';
import { ExplanationsService } from './explanations.service.js';
import { PassSights } from './pass-sights.js';
import { PresentReader } from './present.js';
import { Questions } from './questions.js';

/** Answers to "why is it waiting?" and "what if?": questions to the planner, in threads of the API's own process. */
@Module({
  imports: [ClustersModule, DeploymentsModule],
  controllers: [ExplanationsController],
  providers: [Planner, Questions, PresentReader, PassSights, Comparisons, ExplanationsService],
  exports: [PassSights],
})
export class ExplanationModule {}
