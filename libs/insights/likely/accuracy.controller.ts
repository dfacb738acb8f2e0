import { Controller, Get } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute, BoundedRead, present } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { ForecastAccuracyDto } from './accuracy.dto.js';
import { AccuracyService } from './accuracy.service.js';

/** How right the forecasts of a cluster were. */
@Controller('organizations/:organizationId/clusters/:clusterId/forecast/accuracy')
export class AccuracyController {
  constructor(private readonly accuracy: AccuracyService) {}

  @Get()
  @RequireRole('viewer')
  @BoundedRead()
  @ApiRoute({
    id: 'getForecastAccuracy',
    tag: 'scheduler',
    summary: 'Compare forecasts with starts',
    description:
      'How far forecasts were from the starts that came, by month. Every ten minutes at most, the forecasts of the newest four that wait are recorded.',
    answer: ForecastAccuracyDto,
    result: 'The accuracy of forecasts, by month.',
  })
  async read(@CurrentActor() actor: Actor, @ClusterParam() cluster: ClusterRef): Promise<ForecastAccuracyDto> {
    return present(ForecastAccuracyDto, await this.accuracy.read(actor, cluster));
  }
}
