import { Body, Controller, Post } from '@nestjs/common';

import { ClusterErrors } from '#clusters';
import { ApiRoute, IdParam } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RbacErrors, RequireRole } from '#rbac';

import { DeploymentDto } from '../deployments.dto.js';
import { DeploymentErrors } from '../deployments.errors.js';
import { toDeploymentDto } from '../deployments.mapper.js';
import { BulkCancellationsService } from './bulk-cancellations.service.js';
import { BulkCancellationDto, CancelDeploymentsDto } from './cancellations.dto.js';
import { CancellationsService } from './cancellations.service.js';

/** Cancels deployments, one or many. */
@Controller('organizations/:organizationId')
export class CancellationsController {
  constructor(
    private readonly cancellations: CancellationsService,
    private readonly bulk: BulkCancellationsService,
  ) {}

  @Post('clusters/:clusterId/deployments/cancel')
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'cancelDeployments',
    tag: 'deployments',
    summary: 'Cancel many deployments',
    description:
      'Cancels what waits, is scheduled, runs, stops for another reason or is between two attempts in this cluster and meets the filter; with `dryRun` it only counts, and names a few. Developers cancel their own; `notOwned` says how many more there are. What runs is `stopping` first, where the cluster grants it time for that. Done in steps: when it is interrupted, what was cancelled stays so, and the same again goes on from there. What is submitted while it goes on is not meant. The audit log has one entry of it, with the filter and the number that met it.',
    example: { filter: { status: ['queued'], label: 'team=vision' }, dryRun: true },
    answer: BulkCancellationDto,
    problems: [OrganizationVisibilityErrors.NOT_FOUND, RbacErrors.ROLE_TOO_LOW, ClusterErrors.NOT_FOUND],
  })
  async cancelAll(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @IdParam('clusterId', 'The cluster.') clusterId: string,
    @Body() { filter, dryRun }: CancelDeploymentsDto,
  ): Promise<BulkCancellationDto> {
    return this.bulk.cancelAll(actor, { organizationId, clusterId }, filter, dryRun);
  }

  @Post('deployments/:deploymentId/cancel')
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'cancelDeployment',
    tag: 'deployments',
    summary: 'Cancel a deployment',
    description:
      'Takes it out of the queue, ends it, or makes no further attempt. What runs (a runtime has reported its start) is `stopping` first where the cluster grants it time (`stopGraceSeconds`): it keeps its resources until its runtime reports its end, or the grace is over, and is `cancelled` then. What stops for another reason goes on stopping, and will be `cancelled`. What is cancelled already stays so.',
    answer: DeploymentDto,
    problems: [
      OrganizationVisibilityErrors.NOT_FOUND,
      RbacErrors.ROLE_TOO_LOW,
      RbacErrors.NOT_OWNER,
      DeploymentErrors.NOT_FOUND,
      DeploymentErrors.INVALID_STATE,
    ],
  })
  async cancel(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @IdParam('deploymentId', 'The deployment.') deploymentId: string,
  ): Promise<DeploymentDto> {
    return toDeploymentDto(await this.cancellations.cancel(actor, organizationId, deploymentId));
  }
}
