import { Module } from '@nestjs/common';

import { DeploymentsModule } from '#deployments';
import { SchedulerModule } from '#scheduler';

import { ComparisonModule } from '../comparison/comparison.module.js';
import { ExplanationsController } from './explanations.controller.js';
import { ExplanationsService } from './explanations.service.js';

/** Why a deployment waits. */
@Module({
  imports: [DeploymentsModule, SchedulerModule, ComparisonModule],
  controllers: [ExplanationsController],
  providers: [ExplanationsService],
})
export class ExplanationModule {}
