import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { LedgerAuditController } from './audit/ledger-audit.controller.js';
import { LedgerAudit } from './audit/ledger-audit.service.js';
import { LedgerFindings } from './audit/ledger-findings.js';
import { LedgerController } from './entries/ledger.controller.js';
import { LedgerService } from './entries/ledger.service.js';

/** What the API shows of the ledger. It cannot write it: what can is not among its providers. */
@Module({
  imports: [ClustersModule],
  controllers: [LedgerController, LedgerAuditController],
  providers: [LedgerService, LedgerAudit, LedgerFindings],
})
export class LedgerModule {}
