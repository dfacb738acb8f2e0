import { Controller, Get } from '@nestjs/common';

import { ApiRoute, IdParam } from '#http';
import { type Actor, CurrentActor, OrganizationVisibilityErrors, RequireRole } from '#rbac';

import { transitionTable } from './states/transitions.js';
import { DeploymentDto } from './deployments.dto.js';
import { DeploymentErrors } from './deployments.errors.js';
import { toTaggedDeploymentDto } from './deployments.mapper.js';
import { DeploymentsService } from './deployments.service.js';

/** Reads single deployments. */
@Controller('organizations/:organizationId')
export class DeploymentsController {
  constructor(private readonly deployments: DeploymentsService) {}

  @Get('deployments/:deploymentId')
  @RequireRole('viewer', { alsoScope: 'runtime' })
  @ApiRoute({
    id: 'getDeployment',
    tag: 'deployments',
    summary: 'Read a deployment',
    description: `Its status, and the times of its course. These transitions are possible, and no others:\n\n${transitionTable()}\n\nBy a pass: the scheduler. By a request: a user, or a runtime. Events carry the cause.`,
    answer: DeploymentDto,
    hasEntityTag: true,
    problems: [OrganizationVisibilityErrors.NOT_FOUND, DeploymentErrors.NOT_FOUND],
  })
  async read(
    @CurrentActor() actor: Actor,
    @IdParam('organizationId', 'The organization.') organizationId: string,
    @IdParam('deploymentId', 'The deployment.') deploymentId: string,
  ): Promise<DeploymentDto> {
    return toTaggedDeploymentDto(await this.deployments.read(actor, organizationId, deploymentId));
  }
}
