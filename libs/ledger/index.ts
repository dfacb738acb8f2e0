import { LedgerAuditRunSchema } from './audit/ledger-audit-run.entity.js';
import { LedgerFindingSchema } from './audit/ledger-finding.entity.js';
import { LedgerCheckpointSchema } from './closing/ledger-checkpoint.entity.js';
import { UsageSumSchema } from './closing/usage-sum.entity.js';
import { LedgerEntrySchema } from './writer/ledger-entry.entity.js';

export { type AuditReport, LedgerAudit } from './audit/ledger-audit.service.js';
export { LEDGER_LAWS, type LedgerLaw } from './audit/ledger-laws.js';
export { LedgerRepair, type RepairReport } from './audit/ledger-repair.service.js';
export { LedgerModule } from './ledger.module.js';

/** The tables of this lib. */
export const ledgerEntities = [
  LedgerEntrySchema,
  LedgerFindingSchema,
  LedgerAuditRunSchema,
  LedgerCheckpointSchema,
  UsageSumSchema,
];
