import { Module } from '@nestjs/common';

import { BackgroundModule } from '#background';

import { RuntimeLearning } from './runtime-learning.js';
import { RuntimePages } from './runtime-pages.js';
import { RuntimeRetention } from './runtime-retention.js';
import { RuntimesController } from './runtimes.controller.js';
import { RuntimesService } from './runtimes.service.js';

/** What was learned of runs, for what plans and forecasts. */
@Module({ providers: [RuntimeLearning], exports: [RuntimeLearning] })
export class RuntimeLearningModule {}

/** What the API shows of learned runtimes. */
@Module({ controllers: [RuntimesController], providers: [RuntimesService, RuntimePages] })
export class RuntimesModule {}

/** What a worker removes of learned runtimes. */
@Module({ imports: [BackgroundModule, RuntimeLearningModule], providers: [RuntimeRetention] })
export class RuntimeRetentionModule {}
