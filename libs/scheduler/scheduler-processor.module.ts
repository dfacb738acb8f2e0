import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { PendingCapacity } from '#clusters';
import { DeploymentLifecycleModule } from '#deployments';

import { BlockerKeeper } from './blockers/blocker-keeper.js';
import { Ledger } from './ledger/ledger.js';
import { LedgerClosing } from './ledger/ledger-closing.js';
import { LedgerFindings } from './ledger/ledger-findings.js';
import { LedgerWatch } from './ledger/ledger-watch.js';
import { LedgerAudit } from './ledger-audit.service.js';
import { LedgerRepair } from './ledger-repair.service.js';
import { ClusterSchedules } from './pass/cluster-schedules.js';
import { ClusterTurns } from './pass/cluster-turns.js';
import { PassProcessor } from './pass/pass.processor.js';
import { PassRecords } from './pass/pass-records.js';
import { PassService } from './pass/pass.service.js';
import { PlanApplier } from './pass/plan-applier.js';
import { BackgroundPlanner, Planner } from './pass/planner.js';
import { Planning } from './pass/planning.js';
import { Preempting } from './pass/preempting.js';
import { Settlement } from './pass/settlement.js';
import { Sweep } from './pass/sweep.js';
import { PassRetention } from './pass-retention.js';
import { Retention } from './retention.js';
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
