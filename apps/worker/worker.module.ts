import { type DynamicModule, Injectable, Module, type OnApplicationBootstrap } from '@nestjs/common';

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
import { runtimeEntities, RuntimeRetentionModule } from '#runtimes';
import { schedulerEntities } from '#scheduler';
import { PassAdmission, SchedulerProcessorModule } from '#scheduler/processor';
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
  ...runtimeEntities,
  ...schedulerEntities,
];

/** Admits passes once everything has started: Nest calls the root module last. */
@Injectable()
class AdmitsPasses implements OnApplicationBootstrap {
  constructor(private readonly admission: PassAdmission) {}

  onApplicationBootstrap(): void {
    this.admission.open();
  }
}

/** The worker: runs passes, and serves no requests. */
@Module({})
export class WorkerModule extends AdmitsPasses {
  static forRoot(settings: Settings): DynamicModule {
    return { module: WorkerModule, imports: [ConfigModule.forRoot(settings), ...partsOf(settings)] };
  }
}

/** The worker with health checks and metrics over HTTP; `createHttpApp` adds the settings. */
@Module({})
export class ObservableWorkerModule extends AdmitsPasses {
  static forRoot(settings: Settings): DynamicModule {
    return { module: ObservableWorkerModule, imports: [...partsOf(settings), OperationsModule] };
  }
}

function partsOf({ databaseUrl, databasePoolMax }: Settings): NonNullable<DynamicModule['imports']> {
  return [
    DatabaseModule.forRoot({ url: databaseUrl, poolMax: databasePoolMax, applicationName: 'stowage-worker' }, ENTITIES),
    QueueModule,
    SchedulerProcessorModule,
    RuntimeRetentionModule,
    InsightsProcessorModule,
    TelemetryModule,
  ];
}
