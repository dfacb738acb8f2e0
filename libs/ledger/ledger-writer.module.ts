import { Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { BackgroundModule } from '#background';
import { DeploymentLifecycleModule } from '#deployments';

import { LedgerAudit } from './audit/ledger-audit.service.js';
import { LedgerFindings } from './audit/ledger-findings.js';
import { LedgerRepair } from './audit/ledger-repair.service.js';
import { LedgerClosing } from './closing/ledger-closing.js';
import { Retention } from './closing/retention.js';
import { LedgerWatch } from './watch/ledger-watch.js';
import { Ledger } from './writer/ledger.js';

/** What writes the ledger, and what watches it, in a worker. */
@Module({
  imports: [AuditModule, BackgroundModule, DeploymentLifecycleModule],
  providers: [Ledger, LedgerClosing, LedgerAudit, LedgerFindings, LedgerRepair, LedgerWatch, Retention],
  exports: [Ledger, LedgerAudit],
})
export class LedgerWriterModule {}
