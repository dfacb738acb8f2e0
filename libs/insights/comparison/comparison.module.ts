import { Module } from '@nestjs/common';

import { DeploymentsModule } from '#deployments';
import { SchedulerModule } from '#scheduler';

import { Comparisons } from './comparisons.js';

/** Which of two deployments comes first. Explanations show it. */
@Module({ imports: [DeploymentsModule, SchedulerModule], providers: [Comparisons], exports: [Comparisons] })
export class ComparisonModule {}
