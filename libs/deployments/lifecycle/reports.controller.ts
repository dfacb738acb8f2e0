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
      'Records how attempts in this cluster ended. Each report has its own result, in order; a repeated report changes nothing.',
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
      'Optional: a runtime reports that the attempt runs. A repeated report changes nothing, also after a request to stop: the answer then has `stopping`. A report after the end of the attempt is refused, with the present status.',
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
      'How the attempt ended. Its resources are released within milliseconds. When it `failed` and a retry is left, it is `retrying`: after a second, then two, four, ... at most five minutes the next attempt is queued. A repeated report changes nothing. A report of another attempt, or of another outcome, is refused, with the present status.\n\nA `stopping` deployment ends by either outcome, with the status `stopping.outcome`, and is not retried; a preempted one is `succeeded` where that is reported.',
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

function toReport(id: string, { outcome, attempt, message }: CompleteDeploymentDto): Report {
  return { id, outcome, attempt: attempt ?? null, message: message ?? null };
}
