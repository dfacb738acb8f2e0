import { Controller, Get, Query } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute, PageQuery, Pages } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { ClusterBlockersDto } from './blockers.dto.js';
import { toClusterBlockersDto } from './blockers.mapper.js';
import { BlockersService } from './blockers.service.js';

/** What keeps the queue of a cluster. */
@Controller('organizations/:organizationId/clusters/:clusterId/blockers')
export class BlockersController {
  constructor(
    private readonly blockers: BlockersService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listBlockers',
    tag: 'scheduler',
    summary: 'Read what keeps a queue',
    result: 'Why each group of the queue waits, by priority and age.',
    description:
      'Why everything waits that waits: deployments that are alike (in priority, request and maximum runtime) together, with all that keeps them, in numbers and in plain words; by priority, then by age. As the scheduler left it when it last looked (`asOf`), worked out a moment later: `current` tells whether anything has happened since. The explanation of a single deployment is of the present.',
    answer: ClusterBlockersDto,
  })
  async list(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() query: PageQuery,
  ): Promise<ClusterBlockersDto> {
    return toClusterBlockersDto(await this.blockers.read(actor, cluster), this.pages.open('blockers', cluster, query));
  }
}
