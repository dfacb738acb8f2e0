import { Module } from '@nestjs/common';

import { BackgroundModule } from '#background';
import { EventDelayModule } from '#events';

import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';

/** Health and metrics of a process, over HTTP. */
@Module({
  imports: [BackgroundModule, EventDelayModule],
  controllers: [HealthController, MetricsController],
  providers: [HealthService, MetricsService],
})
export class OperationsModule {}
