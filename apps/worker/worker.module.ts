import { type DynamicModule, Module } from '@nestjs/common';

import { ConfigModule, type Settings } from '#config';
import { DatabaseModule } from '#database';
import { QueueModule } from '#queue';
import { SchedulerProcessorModule } from '#scheduler/processor';

/** The worker: runs passes, and serves nobody else. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings): DynamicModule {
    const { databaseUrl, databasePoolMax } = settings;
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(settings),
        DatabaseModule.forRoot({ url: databaseUrl, poolMax: databasePoolMax, applicationName: 'stowage-worker' }, []),
        QueueModule,
        SchedulerProcessorModule,
      ],
    };
  }
}
