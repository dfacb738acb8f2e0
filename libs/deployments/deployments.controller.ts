import { Body, Controller, Get, Post } from '@nestjs/common';

import { ClusterErrors } from '#clusters';
import { ApiRoute, BodyLimit, IdParam } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { BatchDto, MAX_BATCH_BYTES } from './submission/batches.dto.js';
import { DeploymentDto } from './deployments.dto.js';
import { CompleteBatchDto, CompleteDeploymentDto, StartDeploymentDto } from './lifecycle/reports.dto.js';
import { DeploymentErrors } from './deployments.errors.js';
import { toBatchDto, toDeploymentDto, toTaggedDeploymentDto, toReport } from './deployments.mapper.js';
import { transitionTable } from './deployment-status.js';
import { DeploymentsService } from './deployments.service.js';

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

/** Deployments, from submission to their end. */
@Controller('organizations/:organizationId')
export class DeploymentsController {
  constructor(private readonly deployments: DeploymentsService) {}

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
      await this.deployments.completeBatch(
        actor,
        organizationId,
        clusterId,
        reports.map((report) => toReport(report.id, report)),
      ),
    );
  }

  @Get('deployments/:deploymentId')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'getDeployment',
    tag: TAG,
    summary: 'Read a deployment',
    description: `Where it stands, and when it got there. What can happen to a deployment, and nothing else can:\n\n${transitionTable()}\n\nBy a pass: the scheduler. By a request: a person, or a runtime. The cause is told by the deployment's events.`,
    answer: DeploymentDto,
    hasEntityTag: true,
    problems: [OrganizationVisibilityErrors.NOT_FOUND, DeploymentErrors.NOT_FOUND],
  })
  async read(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('deploymentId', DEPLOYMENT) deploymentId: string,
  ): Promise<DeploymentDto> {
    return toTaggedDeploymentDto(await this.deployments.read(actor, organizationId, deploymentId));
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
    return toDeploymentDto(await this.deployments.start(actor, organizationId, deploymentId, attempt ?? null));
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
    return toDeploymentDto(await this.deployments.complete(actor, organizationId, toReport(deploymentId, body)));
  }

  @Post('deployments/:deploymentId/cancel')
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'cancelDeployment',
    tag: TAG,
    summary: 'Cancel a deployment',
    description:
      'Takes it out of the queue, ends it, or makes no further attempt. What runs (a runtime has reported its start) is `stopping` first where the cluster grants it time (`stopGraceSeconds`): it keeps its resources until its runtime reports its end, or the grace is over, and is `cancelled` then. What stops for another reason goes on stopping, and will be `cancelled`. What is cancelled already stays so.',
    answer: DeploymentDto,
    problems: CHANGE_PROBLEMS,
  })
  async cancel(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', ORGANIZATION) organizationId: string,
    @IdParam('deploymentId', DEPLOYMENT) deploymentId: string,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(await this.deployments.cancel(actor, organizationId, deploymentId));
  }
}
