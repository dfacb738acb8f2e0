import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule } from '#deployments';

import { PassesController } from './passes/passes.controller.js';
import { PassesRepository } from './passes/passes.repository.js';
import { PassesService } from './passes/passes.service.js';
import { PlannerModule } from './planner/planner.module.js';
import { PlannerClient } from './planner/planner-client.js';
import { ClusterSchedules } from './snapshot/cluster-schedules.js';
import { CurrentSnapshotReader } from './snapshot/current-snapshot.js';
import { SnapshotReader } from './snapshot/snapshot-reader.js';

/** What the API shows of passes, and what others ask the planner with. It cannot run a pass: what can is not among its providers. */
@Module({
  imports: [ClustersModule, DeploymentsModule, PlannerModule],
  controllers: [PassesController],
  providers: [PassesService, PassesRepository, PlannerClient, ClusterSchedules, SnapshotReader, CurrentSnapshotReader],
  exports: [PassesRepository, PlannerClient, CurrentSnapshotReader],
})
export class SchedulerModule {}
