import { Module } from '@nestjs/common';

import { SchedulerModule } from '#scheduler';

import { ForecastsController } from './forecasts.controller.js';
import { ForecastsService } from './forecasts.service.js';

/** When the first of a queue start. */
@Module({ imports: [SchedulerModule], controllers: [ForecastsController], providers: [ForecastsService] })
export class ForecastModule {}
