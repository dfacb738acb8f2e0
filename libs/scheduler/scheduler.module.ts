import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { AdminClustersController } from './admin/admin-clusters.controller.js';
import { AdminClustersService } from './admin/admin-clusters.service.js';
import { AdminRetentionController } from './admin/admin-retention.controller.js';
import { AdminRetentionService } from './admin/admin-retention.service.js';
import { ExplanationModule } from './explanation/explanation.module.js';
import { Ledger } from './ledger/ledger.js';
import { LedgerClosing } from './ledger/ledger-closing.js';
import { LedgerFindings } from './ledger/ledger-findings.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerPages } from './ledger.pages.js';
import { LedgerService } from './ledger.service.js';
import { LedgerAuditController } from './ledger-audit.controller.js';
import { LedgerAudit } from './ledger-audit.service.js';
import { LedgerRepair } from './ledger-repair.service.js';
import { PassesController } from './passes.controller.js';
import { PassesService } from './passes.service.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** What the API shows of the scheduler. It cannot run a pass: the module that can is not among its imports. */
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
    LedgerRepair,
    Ledger,
    LedgerClosing,
    AdminClustersService,
    AdminRetentionService,
  ],
})
export class SchedulerModule {}
