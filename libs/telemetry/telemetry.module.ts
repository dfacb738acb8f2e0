import { Module, type OnApplicationShutdown } from '@nestjs/common';

import { stopTracing } from './tracing.js';

/** Sends the last spans when a process stops. */
@Module({})
export class TelemetryModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await stopTracing();
  }
}
