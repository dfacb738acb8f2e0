import { Global, Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { ClustersModule, QueuedDeployments } from '#clusters';

import { BatchSubmissions } from './submission/batch-submissions.js';
import { BulkCancellationsService } from './cancellation/bulk-cancellations.service.js';
import { CancellationsController } from './cancellation/cancellations.controller.js';
import { CancellationsService } from './cancellation/cancellations.service.js';
import { ClusterWork } from './lifecycle/cluster-work.repository.js';
import { DeploymentLifecycle } from './lifecycle/lifecycle.repository.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { EditsController } from './editing/edits.controller.js';
import { EditsService } from './editing/edits.service.js';
import { DeploymentLists } from './lists/deployment-lists.js';
import { ListPages } from './lists/list-pages.js';
import { ListsController } from './lists/lists.controller.js';
import { OrganizationClosingModule } from './cancellation/organization-closing.js';
import { PlacementPresenter } from './submission/placement-presenter.js';
import { PlacementWaits } from './submission/placement-waits.js';
import { Preemptions } from './lifecycle/preemptions.repository.js';
import { QueueLimit } from './submission/queue-limit.js';
import { QueueDiscard } from './cancellation/queue-discard.js';
import { ReportsController } from './lifecycle/reports.controller.js';
import { ReportsService } from './lifecycle/reports.service.js';
import { DeploymentRetention } from './retention/deployment-retention.js';
import { SubmissionsController } from './submission/submissions.controller.js';
import { SubmissionsService } from './submission/submissions.service.js';

/** Routes and use cases of deployments. Global: clusters reach {@link QueueDiscard} through their port. */
@Global()
@Module({
  imports: [AuditModule, ClustersModule, OrganizationClosingModule],
  controllers: [
    SubmissionsController,
    DeploymentsController,
    ReportsController,
    EditsController,
    CancellationsController,
    ListsController,
  ],
  providers: [
    DeploymentsService,
    ClusterWork,
    SubmissionsService,
    PlacementWaits,
    PlacementPresenter,
    BatchSubmissions,
    EditsService,
    CancellationsService,
    BulkCancellationsService,
    ReportsService,
    QueueLimit,
    DeploymentLists,
    ListPages,
    { provide: QueuedDeployments, useClass: QueueDiscard },
  ],
  exports: [QueuedDeployments, DeploymentsService, ClusterWork],
})
export class DeploymentsModule {}

/** What passes do to deployments. */
@Module({
  providers: [DeploymentLifecycle, Preemptions, ClusterWork, DeploymentRetention],
  exports: [DeploymentLifecycle, Preemptions, ClusterWork, DeploymentRetention],
})
export class DeploymentLifecycleModule {}
