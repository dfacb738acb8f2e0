import { type DynamicModule, Module } from '@nestjs/common';

import { auditEntities } from '#audit';
import { authEntities } from '#auth';
import { clusterEntities } from '#clusters';
import { ConfigModule, type Settings } from '#config';
import { DatabaseModule, type Entity } from '#database';
import { deploymentEntities } from '#deployments';
import { InsightsProcessorModule } from '#insights/processor';
import { ledgerEntities } from '#ledger';
import { OperationsModule } from '#operations';
import { organizationEntities } from '#organizations';
import { queueEntities, QueueModule } from '#queue';
import { schedulerEntities } from '#scheduler';
import { SchedulerProcessorModule } from '#scheduler/processor';
import { TelemetryModule } from '#telemetry';

/** The tables that a pass reads and writes, and those of the libs that it calls. */
const ENTITIES: readonly Entity[] = [
  ...auditEntities,
  ...authEntities,
  ...organizationEntities,
  ...clusterEntities,
  ...queueEntities,
  ...deploymentEntities,
  ...ledgerEntities,
  ...schedulerEntities,
];

/** The worker: runs passes, and serves no requests. */
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
    DatabaseModule.forRoot({ url: databaseUrl, poolMax: databasePoolMax, applicationName: 'stowage-worker' }, ENTITIES),
    QueueModule,
    SchedulerProcessorModule,
    InsightsProcessorModule,
    TelemetryModule,
  ];
}
