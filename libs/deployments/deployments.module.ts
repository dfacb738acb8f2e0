import { Global, Module } from '@nestjs/common';

import { AuditModule } from '#audit';
import { ClustersModule, QueuedDeployments } from '#clusters';

import { BatchAnswers } from './batch-answers.js';
import { CancellationsController } from './cancellations.controller.js';
import { CancellationsService } from './cancellations.service.js';
import { ClusterWork } from './cluster-work.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { EditsController } from './edits.controller.js';
import { EditsService } from './edits.service.js';
import { EventAnswers } from './events/event-answers.js';
import { EventFeeds } from './events/event-feeds.js';
import { EventFollowing } from './events/event-following.js';
import { EventLog } from './events/event-log.js';
import { EventsController } from './events/events.controller.js';
import { DeploymentLists } from './lists/deployment-lists.js';
import { ListPages } from './lists/list-pages.js';
import { ListsController } from './lists/lists.controller.js';
import { OrganizationWorkModule } from './organization-work.js';
import { PlacedAnswers } from './placed-answers.js';
import { PlacementWaits } from './placement-waits.js';
import { Preemptions } from './preemptions.js';
import { QueueLimit } from './queue-limit.js';
import { QueueCancellation } from './queue-cancellation.js';
import { ReportWriter } from './reports.js';
import { DeploymentRetention } from './retention/deployment-retention.js';
import { SubmissionsController } from './submissions.controller.js';
import { SubmissionsService } from './submissions.service.js';

/** Deployments for people and runtimes: routes and use cases. Global, because clusters ask through their port what stands below them. */
@Global()
@Module({
  imports: [AuditModule, ClustersModule, OrganizationWorkModule],
  controllers: [
    SubmissionsController,
    DeploymentsController,
    EditsController,
    CancellationsController,
    EventsController,
    ListsController,
  ],
  providers: [
    DeploymentsService,
    ClusterWork,
    SubmissionsService,
    PlacementWaits,
    PlacedAnswers,
    BatchAnswers,
    EditsService,
    CancellationsService,
    QueueLimit,
    ReportWriter,
    DeploymentLists,
    ListPages,
    EventLog,
    EventFeeds,
    EventFollowing,
    EventAnswers,
    { provide: QueuedDeployments, useClass: QueueCancellation },
  ],
  exports: [QueuedDeployments, DeploymentsService, ClusterWork],
})
export class DeploymentsModule {}

/** Deployments for passes: what the scheduler says of them becomes real here. */
@Module({
  providers: [DeploymentLifecycle, Preemptions, ClusterWork, DeploymentRetention],
  exports: [DeploymentLifecycle, Preemptions, ClusterWork, DeploymentRetention],
})
export class DeploymentLifecycleModule {}
