import { type DynamicModule, Module } from '@nestjs/common';

import { ConfigModule, type Settings } from '#config';
import { DatabaseModule } from '#database';
import { OperationsModule } from '#operations';
import { QueueModule } from '#queue';
import { SchedulerProcessorModule } from '#scheduler/processor';
import { TelemetryModule } from '#telemetry';

/** The worker: runs passes, and serves nobody else. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings): DynamicModule {
    return { module: WorkerModule, imports: [ConfigModule.forRoot(settings), ...partsOf(settings)] };
  }
}

/** The worker with health checks and metrics over HTTP; `createHttpApp` adds the settings. */
@Module({})
export class ObservableWorkerModule {
  static forRoot(settings: Settings): DynamicModule {
    return { module: ObservableWorkerModule, imports: [...partsOf(settings), OperationsModule] };
  }
}

function partsOf({ databaseUrl, databasePoolMax }: Settings): NonNullable<DynamicModule['imports']> {
  return [
    DatabaseModule.forRoot({ url: databaseUrl, poolMax: databasePoolMax, applicationName: 'stowage-worker' }, []),
    QueueModule,
    SchedulerProcessorModule,
    TelemetryModule,
  ];
}
