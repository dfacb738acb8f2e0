import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentLifecycleModule } from '#deployments';
import { RuntimeLearningModule } from '#runtimes';

import { AccuracyController } from './accuracy.controller.js';
import { AccuracyService } from './accuracy.service.js';
import { LikelyBasisReader } from './likely-basis.js';
import { StartPredictions } from './start-predictions.js';

/** What likely starts are made from, in the API and in workers. */
@Module({
  imports: [DeploymentLifecycleModule, RuntimeLearningModule],
  providers: [LikelyBasisReader, StartPredictions],
  exports: [LikelyBasisReader, StartPredictions],
})
export class LikelyStartsModule {}

/** The page of how right they were. */
@Module({
  imports: [ClustersModule, LikelyStartsModule],
  controllers: [AccuracyController],
  providers: [AccuracyService],
})
export class AccuracyModule {}
