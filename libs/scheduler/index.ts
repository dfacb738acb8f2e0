import { ClusterBlockersSchema } from './blockers/cluster-blockers.entity.js';
import { LedgerAuditRunSchema } from './ledger/ledger-audit-run.entity.js';
import { LedgerCheckpointSchema } from './ledger/ledger-checkpoint.entity.js';
import { LedgerEntrySchema } from './ledger/ledger-entry.entity.js';
import { LedgerFindingSchema } from './ledger/ledger-finding.entity.js';
import { UsageSumSchema } from './ledger/usage-sum.entity.js';
import { ClusterScheduleSchema } from './pass/cluster-schedule.entity.js';
import { PassSchema } from './pass/pass.entity.js';
import { PassTotalsSchema } from './pass/pass-totals.entity.js';
import { PassSightSchema } from './pass/pass-sight.entity.js';

export { type AuditReport, LedgerAudit } from './ledger-audit.service.js';
export { LEDGER_LAWS, type LedgerLaw } from './ledger-laws.js';
export { LedgerRepair, type RepairReport } from './ledger-repair.service.js';
export { LATENCY_BUCKETS_MS } from './pass/latencies.js';
export { SchedulerModule } from './scheduler.module.js';

/** The tables of this lib. */
export const schedulerEntities = [
  LedgerEntrySchema,
  LedgerFindingSchema,
  LedgerAuditRunSchema,
  LedgerCheckpointSchema,
  UsageSumSchema,
  PassSchema,
  PassTotalsSchema,
  PassSightSchema,
  ClusterScheduleSchema,
  ClusterBlockersSchema,
];
