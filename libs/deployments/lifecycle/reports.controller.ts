import { Body, Controller, Post } from '@nestjs/common';

import { ClusterErrors } from '#clusters';
import { ApiRoute, BodyLimit, IdParam } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { DeploymentDto } from '../deployments.dto.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { BatchDto, MAX_BATCH_BYTES } from '../submission/batches.dto.js';
import { toBatchDto } from '../submission/batches.mapper.js';
import { CompleteBatchDto, CompleteDeploymentDto, StartDeploymentDto } from './reports.dto.js';
import { type Report } from './reports.js';
import { ReportsService } from './reports.service.js';

const TAG = 'deployments';
const ORGANIZATION = 'The organization.';
const CLUSTER = 'The cluster.';
const DEPLOYMENT = 'The deployment.';

const ROUTE_PROBLEMS = [OrganizationVisibilityErrors.NOT_FOUND, RbacErrors.ROLE_TOO_LOW];
const CHANGE_PROBLEMS = [
  ...ROUTE_PROBLEMS,
  RbacErrors.NOT_OWNER,
  DeploymentErrors.NOT_FOUND,
  DeploymentErrors.INVALID_STATE,
];

/** Records what runtimes report. */
@Controller('organizations/:organizationId')
export class ReportsController {
  constructor(private readonly reports: ReportsService) {}

  @Post('clusters/:clusterId/deployments/complete')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @BodyLimit(MAX_BATCH_BYTES)
  @ApiRoute({
    id: 'completeDeployments',
    tag: TAG,
    summary: 'Report the ends of many deployments',
    description:
      'How attempts in this cluster ended. Each report is answered for itself, in order; the same report twice is as good as once.',
    answer: BatchDto,
    problems: [...ROUTE_PROBLEMS, ClusterErrors.NOT_FOUND],
  })
  async completeBatch(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('clusterId', CLUSTER) clusterId: string,
    @Body() { reports }: CompleteBatchDto,
  ): Promise<BatchDto> {
    return toBatchDto(
      await this.reports.completeBatch(
        actor,
        organizationId,
        clusterId,
        reports.map((report) => toReport(report.id, report)),
      ),
    );
  }

  @Post('deployments/:deploymentId/start')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @ApiRoute({
    id: 'startDeployment',
    tag: TAG,
    summary: 'Report the start of a deployment',
    description:
      'Optional: a runtime says that the attempt runs. The same report twice is as good as once, also where it has been asked to stop since: `stopping` in the answer says so. One that comes when the attempt is over is refused, and the refusal says where the deployment stands.',
    answer: DeploymentDto,
    problems: [...CHANGE_PROBLEMS, DeploymentErrors.STALE_ATTEMPT],
  })
  async start(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('deploymentId', DEPLOYMENT) deploymentId: string,
    @Body() { attempt }: StartDeploymentDto,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(await this.reports.start(actor, organizationId, deploymentId, attempt ?? null));
  }

  @Post('deployments/:deploymentId/complete')
  @RequireRole('developer', { ownership: 'own-or-admin', alsoScope: 'runtime' })
  @ApiRoute({
    id: 'completeDeployment',
    tag: TAG,
    summary: 'Report the end of a deployment',
    description:
      'How the attempt ended. Its resources come back within milliseconds. When it `failed` and a retry is left, it is `retrying`: after a second, then two, four, ... at most five minutes the next attempt goes back to the queue. The same outcome twice is as good as once. A report of another attempt, or of another outcome, is refused, and the refusal says where the deployment stands.\n\nWhat is `stopping` ends by either outcome, as its `stopping.outcome` says, and is not retried; what was to go back to the queue is `succeeded` where that is reported.',
    answer: DeploymentDto,
    problems: [...CHANGE_PROBLEMS, DeploymentErrors.STALE_ATTEMPT],
  })
  async complete(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('deploymentId', DEPLOYMENT) deploymentId: string,
    @Body() body: CompleteDeploymentDto,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(await this.reports.complete(actor, organizationId, toReport(deploymentId, body)));
  }
}

/** What a runtime says. */
function toReport(id: string, { outcome, attempt, message }: CompleteDeploymentDto): Report {
  return { id, outcome, attempt: attempt ?? null, message: message ?? null };
}
