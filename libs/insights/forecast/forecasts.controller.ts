import { Controller, Get, Query } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';
import { PlanningErrors } from '#scheduler';

import { ForecastDto, ForecastQuery } from './forecasts.dto.js';
import { toForecastDto } from './forecasts.mapper.js';
import { ForecastsService } from './forecasts.service.js';

/** When those start who stand first in a queue. */
@Controller('organizations/:organizationId/clusters/:clusterId/forecast')
export class ForecastsController {
  constructor(private readonly forecasts: ForecastsService) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'getForecast',
    tag: 'scheduler',
    summary: 'Forecast the queue',
    result: 'When the first of the queue start.',
    description:
      'When the first of the queue start, by rank, if nothing else is submitted and everything ends when it declared: the planner of the passes plays that future, for two seconds at most. Where runtimes are missing there is a reason instead of a time. `likely` is the middle of ten futures in which everything runs as long as something like it did, with the range of past errors.',
    answer: ForecastDto,
    problems: [PlanningErrors.BUSY],
  })
  async read(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() { limit }: ForecastQuery,
  ): Promise<ForecastDto> {
    return toForecastDto(await this.forecasts.read(actor, cluster, limit));
  }
}
