import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { AdminClustersController } from './admin/admin-clusters.controller.js';
import { AdminClustersService } from './admin/admin-clusters.service.js';
import { AdminRetentionController } from './admin/admin-retention.controller.js';
import { AdminRetentionService } from './admin/admin-retention.service.js';
import { ExplanationModule } from './explanation/explanation.module.js';
import { LedgerFindings } from './ledger/ledger-findings.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerPages } from './ledger.pages.js';
import { LedgerService } from './ledger.service.js';
import { LedgerAuditController } from './ledger-audit.controller.js';
import { LedgerAudit } from './ledger-audit.service.js';
import { PassesController } from './passes.controller.js';
import { PassesService } from './passes.service.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** What the API shows of the scheduler. It can neither run a pass nor write the ledger: what can is not among its providers. */
@Module({
  imports: [ClustersModule, ExplanationModule],
  controllers: [
    PassesController,
    LedgerController,
    UsageController,
    LedgerAuditController,
    AdminClustersController,
    AdminRetentionController,
  ],
  providers: [
    PassesService,
    LedgerPages,
    LedgerService,
    UsageService,
    LedgerAudit,
    LedgerFindings,
    AdminClustersService,
    AdminRetentionService,
  ],
})
export class SchedulerModule {}
