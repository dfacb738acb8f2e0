import { availableParallelism } from 'node:os';

import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { DeploymentsModule } from '#deployments';

import { DecisionsController } from './decisions/decisions.controller.js';
import { DecisionsService } from './decisions/decisions.service.js';
import { PassesController } from './passes/passes.controller.js';
import { PassesRepository } from './passes/passes.repository.js';
import { PassesService } from './passes/passes.service.js';
import { PlannerModule } from './planner/planner.module.js';
import { PlannerPool } from './planner/planner-pool.js';
import { PlannerClient } from './planner/planner-client.js';
import { CurrentSnapshotReader } from './snapshot/current-snapshot.js';
import { SnapshotModule } from './snapshot/snapshot.module.js';

/** At least two threads: one account never has all of them. */
const plannerOf = (): PlannerPool => new PlannerPool(Math.max(2, availableParallelism() - 1));

/** What the API shows of passes, and what others ask the planner with. It cannot run a pass: what can is not among its providers. */
@Module({
  imports: [ClustersModule, DeploymentsModule, PlannerModule, SnapshotModule],
  controllers: [DecisionsController, PassesController],
  providers: [
    DecisionsService,
    PassesService,
    PassesRepository,
    { provide: PlannerPool, useFactory: plannerOf },
    PlannerClient,
    CurrentSnapshotReader,
  ],
  exports: [PassesRepository, PlannerClient, CurrentSnapshotReader],
})
export class SchedulerModule {}
