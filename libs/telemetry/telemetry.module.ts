import { Module, type OnApplicationShutdown } from '@nestjs/common';

import { stopTracing } from './tracing.js';

/** Sends pending spans when the process stops. */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await stopTracing();
  }
}
