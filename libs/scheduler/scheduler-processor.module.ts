import { Module } from '@nestjs/common';

import { BackgroundModule } from '#background';
import { Settings } from '#config';
import { PendingCapacity } from '#clusters';
import { DeploymentLifecycleModule } from '#deployments';
import { LedgerAudit } from '#ledger';
import { LedgerWriterModule } from '#ledger/writer';
import { RuntimeLearningModule } from '#runtimes';

import { AfterPassModule, AfterPassQueue } from './cycle/after-pass-queue.js';
import { ClusterOwners } from './cycle/cluster-owners.js';
import { PassRunner } from './cycle/pass-runner.js';
import { PassAdmission } from './cycle/pass-admission.js';
import { PassProcessor } from './cycle/pass.processor.js';
import { PassRecords } from './cycle/pass-records.js';
import { PassService } from './cycle/pass.service.js';
import { PlanApplier } from './cycle/plan-applier.js';
import { PlanStage } from './cycle/plan-stage.js';
import { Gatherings } from './cycle/gatherings.js';
import { Preempting } from './cycle/preempting.js';
import { Settlement } from './cycle/settlement.js';
import { Sweep } from './cycle/sweep.js';
import { DecisionRetention } from './decisions/decision-retention.js';
import { PassRetention } from './passes/pass-retention.js';
import { PlannerPool } from './planner/planner-pool.js';
import { PlannerModule } from './planner/planner.module.js';
import { SnapshotModule } from './snapshot/snapshot.module.js';

/** As many threads as passes run at a time: none that was admitted waits for one. */
const plannerOf = ({ workerConcurrency }: Settings): PlannerPool => new PlannerPool(workerConcurrency);

/** What runs passes: imported by the worker, and by nothing else. */
@Module({
  imports: [
    AfterPassModule,
    BackgroundModule,
    DeploymentLifecycleModule,
    LedgerWriterModule,
    PlannerModule,
    RuntimeLearningModule,
    SnapshotModule,
  ],
  providers: [
    PassProcessor,
    PassAdmission,
    ClusterOwners,
    { provide: PlannerPool, inject: [Settings], useFactory: plannerOf },
    Sweep,
    PassRetention,
    DecisionRetention,
    PassRunner,
    PassService,
    Settlement,
    PendingCapacity,
    PlanStage,
    PlanApplier,
    Gatherings,
    Preempting,
    PassRecords,
  ],
  exports: [PassAdmission, PassService],
})
export class SchedulerProcessorModule {
  constructor(afterPass: AfterPassQueue, audit: LedgerAudit) {
    afterPass.add({ name: 'an audit', handle: ({ pass }) => audit.checkCluster(pass.clusterId) });
  }
}
