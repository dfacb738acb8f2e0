import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule } from '#deployments';

import { PassSights } from './passes/pass-sights.js';
import { PassesController } from './passes/passes.controller.js';
import { PassesService } from './passes/passes.service.js';
import { PlannerModule } from './planner/planner.module.js';
import { Questions } from './planner/questions.js';
import { ClusterSchedules } from './snapshot/cluster-schedules.js';
import { PresentReader } from './snapshot/present.js';
import { SnapshotReader } from './snapshot/snapshot-reader.js';

/** What the API shows of passes, and what others ask the planner with. It cannot run a pass: what can is not among its providers. */
@Module({
  imports: [ClustersModule, DeploymentsModule, PlannerModule],
  controllers: [PassesController],
  providers: [PassesService, PassSights, Questions, ClusterSchedules, SnapshotReader, PresentReader],
  exports: [PassSights, Questions, PresentReader],
})
export class SchedulerModule {}
