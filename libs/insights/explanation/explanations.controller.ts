import { Controller, Get, Query } from '@nestjs/common';

import { DeploymentParam, type DeploymentRef } from '#deployments';
import { ApiRoute } from '#http';
import { type Actor, CurrentActor, RequireRole } from '#rbac';
import { PlanningErrors } from '#scheduler';

import { ExplanationDto, ExplanationQuery } from './explanations.dto.js';
import { ExplanationErrors } from '../comparison/comparison.errors.js';
import { toExplanationDto, toOptions } from './explanations.mapper.js';
import { ExplanationsService } from './explanations.service.js';

/** Why a deployment waits. */
@Controller('organizations/:organizationId/deployments/:deploymentId/explanation')
export class ExplanationsController {
  constructor(private readonly explanations: ExplanationsService) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'explainDeployment',
    tag: 'scheduler',
    summary: 'Explain a deployment',
    result: 'Why it waits, what would start it, and when it starts.',
    description:
      'Why it waits: everything that keeps it, with numbers and in plain words; the smallest changes that would start it, each tried with the planner; when it starts, as far as runtimes are declared. With `compareWith`, also why one of the two comes first.',
    answer: ExplanationDto,
    problems: [ExplanationErrors.OTHER_IS_SAME, ExplanationErrors.OTHER_NOT_FOUND, PlanningErrors.BUSY],
  })
  async read(
    @CurrentActor() actor: Actor,
    @DeploymentParam() deployment: DeploymentRef,
    @Query() query: ExplanationQuery,
  ): Promise<ExplanationDto> {
    return toExplanationDto(await this.explanations.read(actor, deployment, toOptions(query)));
  }
}
