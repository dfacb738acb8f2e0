import { type DynamicModule, Module } from '@nestjs/common';

import { auditEntities, AuditModule } from '#audit';
import { authEntities, AuthModule } from '#auth';
import { clusterEntities, ClustersModule } from '#clusters';
import { type Settings } from '#config';
import { DatabaseModule, type Entity, readPoolOf } from '#database';
import { deploymentEntities, DeploymentsModule } from '#deployments';
import { eventEntities, EventsModule } from '#events';
import { IdempotencyModule, IdempotentAnswerSchema, PagingModule } from '#http';
import { insightsEntities, InsightsModule } from '#insights';
import { ledgerEntities, LedgerModule } from '#ledger';
import { AdminModule, OperationsModule } from '#operations';
import { organizationEntities, OrganizationsModule } from '#organizations';
import { queueEntities, QueueModule } from '#queue';
import { RbacModule } from '#rbac';
import { runtimeEntities, RuntimesModule } from '#runtimes';
import { schedulerEntities, SchedulerModule } from '#scheduler';
import { TelemetryModule } from '#telemetry';
import { UsageModule } from '#usage';

/** Every table, by the lib that owns it. */
export const ENTITIES: readonly Entity[] = [
  IdempotentAnswerSchema,
  ...auditEntities,
  ...authEntities,
  ...organizationEntities,
  ...clusterEntities,
  ...queueEntities,
  ...deploymentEntities,
  ...eventEntities,
  ...ledgerEntities,
  ...runtimeEntities,
  ...schedulerEntities,
  ...insightsEntities,
];

/** The API: every feature, behind one guard. It cannot run a pass. */
@Module({})
export class ApiModule {
  static forRoot({ databaseUrl, databasePoolMax, environment }: Settings): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        DatabaseModule.forRoot(
          {
            url: databaseUrl,
            poolMax: databasePoolMax,
            readPoolMax: readPoolOf(databasePoolMax),
            applicationName: 'stowage-api',
            isProduction: environment === 'production',
          },
          ENTITIES,
        ),
        QueueModule,
        PagingModule,
        IdempotencyModule,
        AuditModule,
        AuthModule,
        RbacModule,
        OrganizationsModule,
        ClustersModule,
        DeploymentsModule,
        EventsModule,
        LedgerModule,
        RuntimesModule,
        SchedulerModule,
        UsageModule,
        AdminModule,
        OperationsModule,
        InsightsModule,
        TelemetryModule,
      ],
    };
  }
}
