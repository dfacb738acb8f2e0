import { Controller, Get, Query } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute, IdParam, type Page, PageOf, PageQuery, Pages } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { PassDetailDto, PassDto } from './passes.dto.js';
import { PassErrors } from './passes.errors.js';
import { toPassDetailDto, toPassDto } from './passes.mapper.js';
import { PassesService } from './passes.service.js';

/** What the scheduler did in a cluster. */
@Controller('organizations/:organizationId/clusters/:clusterId/passes')
export class PassesController {
  constructor(
    private readonly passes: PassesService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listPasses',
    tag: 'scheduler',
    summary: 'List passes',
    description:
      'What each pass of the scheduler on this cluster saw and did, and how close to the optimum it was; newest first.',
    answer: PageOf(PassDto),
  })
  async list(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() query: PageQuery,
  ): Promise<Page<PassDto>> {
    return this.pages.byId(
      'passes',
      cluster,
      query,
      (take, after) => this.passes.list(actor, cluster, take, after),
      toPassDto,
    );
  }

  @Get(':passId')
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getPass',
    tag: 'scheduler',
    summary: 'Read a pass',
    result: 'The pass: what it saw, started and released, with its certificate.',
    description:
      'The record of one pass, by the id that ledger entries and events carry, with what it saw, shape by shape, and what it started of each.',
    answer: PassDetailDto,
    problems: [PassErrors.NOT_FOUND],
  })
  async read(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @IdParam('passId', 'The pass.') passId: string,
  ): Promise<PassDetailDto> {
    return toPassDetailDto(await this.passes.read(actor, cluster, passId));
  }
}
