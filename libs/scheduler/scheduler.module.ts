import { Module } from '@nestjs/common';

import { ClustersModule } from '#clusters';

import { DeploymentsModule } from '#deployments';

import { Comparisons } from './explanation/comparisons.js';
import { ExplanationsController } from './explanation/explanations.controller.js';
import { ExplanationsService } from './explanation/explanations.service.js';
import { PassSights } from './explanation/pass-sights.js';
import { PresentReader } from './explanation/present.js';
import { Questions } from './explanation/questions.js';
import { LedgerFindings } from './ledger/ledger-findings.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerPages } from './ledger.pages.js';
import { LedgerService } from './ledger.service.js';
import { LedgerAuditController } from './ledger-audit.controller.js';
import { LedgerAudit } from './ledger-audit.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';
import { Planner } from './pass/planner.js';
import { PassesController } from './passes.controller.js';
import { PassesService } from './passes.service.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';

/** What the API shows of the scheduler. It cannot run a pass: the module that can is not among its imports. */
@Module({
  imports: [ClustersModule],
  controllers: [PassesController, LedgerController, UsageController, LedgerAuditController],
  providers: [PassesService, LedgerPages, LedgerService, UsageService, LedgerAudit, LedgerFindings],
  imports: [ClustersModule, DeploymentsModule],
  controllers: [
    ExplanationsController,
    PassesController,
    LedgerController,
    UsageController,
    LedgerAuditController,
    MetricsController,
  ],
  providers: [
    Planner,
    Questions,
    PresentReader,
    PassSights,
    Comparisons,
    ExplanationsService,
    PassesService,
    LedgerPages,
    LedgerService,
    UsageService,
    LedgerAudit,
    LedgerFindings,
    MetricsService,
  ],
})
export class SchedulerModule {}
