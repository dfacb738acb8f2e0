import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';
import { ExplanationModule } from '#insights';
import { LedgerAudit, LedgerAuditController, LedgerController, LedgerFindings, LedgerPages, LedgerService } from '#ledger';
import { AdminClustersController, AdminClustersService, AdminRetentionController, AdminRetentionService } from '#operations';
import { UsageController, UsageService } from '#usage';

import { PassesController } from './passes/passes.controller.js';
import { PassesService } from './passes/passes.service.js';

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
