import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { PendingCapacity } from '#clusters';
import { DeploymentLifecycleModule } from '#deployments';
import { BlockerKeeper } from '#insights';
import { Ledger, LedgerAudit, LedgerClosing, LedgerFindings, LedgerRepair, LedgerWatch, PassRetention, Retention } from '#ledger';

import { ClusterSchedules } from './snapshot/cluster-schedules.js';
import { ClusterTurns } from './cycle/cluster-turns.js';
import { PassProcessor } from './cycle/pass.processor.js';
import { PassRecords } from './cycle/pass-records.js';
import { PassService } from './cycle/pass.service.js';
import { PlanApplier } from './cycle/plan-applier.js';
import { BackgroundPlanner, Planner } from './planner/planner.js';
import { Planning } from './cycle/planning.js';
import { Preempting } from './cycle/preempting.js';
import { Settlement } from './cycle/settlement.js';
import { Sweep } from './cycle/sweep.js';
import { SnapshotReader } from './snapshot/snapshot-reader.js';

/** What runs passes: imported by the worker, and by nothing else. */
@Module({
  imports: [AuditModule, DeploymentLifecycleModule],
  providers: [
    PassProcessor,
    Sweep,
    ClusterTurns,
    PassService,
    Settlement,
    PendingCapacity,
    Planning,
    SnapshotReader,
    Planner,
    BackgroundPlanner,
    BlockerKeeper,
    PlanApplier,
    Preempting,
    PassRecords,
    ClusterSchedules,
    Ledger,
    LedgerClosing,
    LedgerAudit,
    LedgerFindings,
    LedgerRepair,
    LedgerWatch,
    PassRetention,
    Retention,
  ],
  exports: [PassService, Retention],
})
export class SchedulerProcessorModule {}
