import { Controller, Get, Query } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute, BoundedRead } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';

import { UsageAnswer } from './usage-answer.js';
import { UsageErrors } from './usage.errors.js';
import { UsageDto, UsageQuery } from './usage.dto.js';
import { toUsageDto } from './usage.mapper.js';
import { UsageService } from './usage.service.js';

/** What a cluster's resources were used for. */
@Controller('organizations/:organizationId/clusters/:clusterId/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @RequireRole('viewer')
  @UsageAnswer()
  @BoundedRead()
  @ApiRoute({
    id: 'getUsage',
    tag: 'scheduler',
    summary: 'Usage over time',
    result: 'The resources in use over the period, in steps and in total.',
    description:
      'What was allocated in each step of a period, on average, and whose resource-hours that were; summed from the ledger, exact at both edges. With `Accept: text/csv`, the table that `table` names as CSV.',
    answer: UsageDto,
    problems: [UsageErrors.PERIOD_INVALID],
  })
  async read(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Query() { from, to, step }: UsageQuery,
  ): Promise<UsageDto> {
    return toUsageDto(
      await this.usage.read(actor, cluster, {
        from: from ?? null,
        to: to ?? null,
        stepSeconds: step,
      }),
    );
  }
}
