import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { BackgroundModule } from '#background';
import { EventDelayModule } from '#events';

import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';
import { StorageGuard } from './storage/storage.guard.js';
import { StorageWatch } from './storage/storage-watch.js';
import { VersionController } from './version/version.controller.js';

/** Health and metrics of a process, over HTTP, and the refusal of new work while the storage is full. */
@Module({
  imports: [BackgroundModule, EventDelayModule],
  controllers: [HealthController, MetricsController, VersionController],
  providers: [HealthService, MetricsService, StorageWatch, { provide: APP_GUARD, useClass: StorageGuard }],
})
export class OperationsModule {}
