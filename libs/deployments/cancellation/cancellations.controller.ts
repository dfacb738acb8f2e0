import { Body, Controller, Post } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { DeploymentDto } from '../deployments.dto.js';
import { DeploymentParam, type DeploymentRef } from '../deployment-param.js';
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
    result: 'How many deployments matched, were cancelled or are stopping.',
    description:
      'Cancels all deployments of this cluster that have not ended and meet the filter; with `dryRun` it only counts, and names a few. Developers cancel their own; `notOwned` is the number of others. A running deployment is `stopping` first, where the cluster grants a grace. Done in steps: after an interruption, deployments that were cancelled stay so, and the same request again continues from there. Deployments that are submitted meanwhile are not cancelled. The audit log has one entry of it, with the filter and the number that met it.',
    example: { filter: { status: ['queued'], label: 'team=vision' }, dryRun: true },
    answer: BulkCancellationDto,
  })
  async cancelAll(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Body() { filter, dryRun }: CancelDeploymentsDto,
  ): Promise<BulkCancellationDto> {
    return this.bulk.cancelAll(actor, cluster, filter, dryRun);
  }

  @Post('deployments/:deploymentId/cancel')
  @RequireRole('developer', { ownership: 'own-or-admin' })
  @ApiRoute({
    id: 'cancelDeployment',
    tag: 'deployments',
    summary: 'Cancel a deployment',
    result: 'The deployment, `cancelled` or, while it may still end by itself, `stopping`.',
    description:
      'Removes it from the queue, ends it, or makes no further attempt. A deployment whose start a runtime has reported is `stopping` first where the cluster grants a grace (`stopGraceSeconds`): it keeps its resources until its runtime reports its end, or the grace is over, and is `cancelled` then. One that is stopping for another reason continues to stop, and will be `cancelled`. A cancelled deployment stays as it is.',
    answer: DeploymentDto,
    problems: [DeploymentErrors.INVALID_STATE],
  })
  async cancel(@CurrentActor() actor: Actor, @DeploymentParam() deployment: DeploymentRef): Promise<DeploymentDto> {
    return toDeploymentDto(await this.cancellations.cancel(actor, deployment));
  }
}
