import { Controller, Get } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { DecisionHeadDto } from './decisions.dto.js';
import { toDecisionHeadDto } from './decisions.mapper.js';
import { DecisionsService } from './decisions.service.js';

/** The decision log of a cluster. */
@Controller('organizations/:organizationId/clusters/:clusterId/passes')
export class DecisionsController {
  constructor(private readonly decisions: DecisionsService) {}

  @Get('head')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getDecisionHead',
    tag: 'scheduler',
    summary: 'Read the head of the decision log',
    description:
      'The last hash of what the scheduler decided on this cluster. Kept elsewhere, it proves later that no decision up to it was changed (`stowage-admin replay --head`).',
    result: 'The last position and hash of the log, and how much of it is kept.',
    answer: DecisionHeadDto,
  })
  async head(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<DecisionHeadDto> {
    return toDecisionHeadDto(await this.decisions.head(actor, cluster));
  }
}
