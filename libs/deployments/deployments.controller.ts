import { Controller, Get } from '@nestjs/common';

import { ApiRoute } from '#http';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { transitionTable } from './states/transitions.js';
import { DeploymentDto } from './deployments.dto.js';
import { DeploymentParam, type DeploymentRef } from './deployment-param.js';
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
    result: 'The deployment as it is now.',
    description: `Its status, and the times of its course. These transitions are possible, and no others:\n\n${transitionTable()}\n\nBy a pass: the scheduler. By a request: a user, or a runtime. Events carry the cause.`,
    answer: DeploymentDto,
    hasEntityTag: true,
  })
  async read(@CurrentActor() actor: Actor, @DeploymentParam() deployment: DeploymentRef): Promise<DeploymentDto> {
    return toTaggedDeploymentDto(await this.deployments.read(actor, deployment));
  }
}
