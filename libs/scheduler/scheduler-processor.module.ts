import { Module } from '@nestjs/common';

import { PendingCapacity } from '#clusters';
import { DeploymentLifecycleModule } from '#deployments';
import { LedgerWriterModule } from '#ledger/writer';

import { AfterPassModule } from './cycle/after-pass.js';
import { ClusterTurns } from './cycle/cluster-turns.js';
import { PassProcessor } from './cycle/pass.processor.js';
import { PassRecords } from './cycle/pass-records.js';
import { PassService } from './cycle/pass.service.js';
import { PlanApplier } from './cycle/plan-applier.js';
import { Planning } from './cycle/planning.js';
import { Preempting } from './cycle/preempting.js';
import { Settlement } from './cycle/settlement.js';
import { Sweep } from './cycle/sweep.js';
import { PlannerModule } from './planner/planner.module.js';
import { ClusterSchedules } from './snapshot/cluster-schedules.js';
import { SnapshotReader } from './snapshot/snapshot-reader.js';

/** What runs passes: imported by the worker, and by nothing else. */
@Module({
  imports: [AfterPassModule, DeploymentLifecycleModule, LedgerWriterModule, PlannerModule],
  providers: [
    PassProcessor,
    Sweep,
    ClusterTurns,
    PassService,
    Settlement,
    PendingCapacity,
    Planning,
    SnapshotReader,
    PlanApplier,
    Preempting,
    PassRecords,
    ClusterSchedules,
  ],
  exports: [PassService],
})
export class SchedulerProcessorModule {}
