import { ClusterBlockersSchema } from '#insights';
import { LedgerAuditRunSchema, LedgerCheckpointSchema, LedgerEntrySchema, LedgerFindingSchema, UsageSumSchema } from '#ledger';

import { ClusterScheduleSchema } from './snapshot/cluster-schedule.entity.js';
import { PassSchema } from './passes/pass.entity.js';
import { PassTotalsSchema } from './passes/pass-totals.entity.js';
import { PassSightSchema } from './passes/pass-sight.entity.js';

export { type AuditReport, LedgerAudit } from './ledger-audit.service.js';
export { LEDGER_LAWS, type LedgerLaw } from './ledger-laws.js';
export { LedgerRepair, type RepairReport } from './ledger-repair.service.js';
export { LATENCY_BUCKETS_MS } from './cycle/latencies.js';
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
