import { Body, Controller, Post } from '@nestjs/common';

import { ClusterParam } from '#clusters';
import { ApiRoute } from '#http';
import { type ClusterRef } from '#queue';
import { type Actor, CurrentActor, RequireRole } from '#rbac';
import { PlanningErrors } from '#scheduler';

import { WhatIfAnswerDto, WhatIfDto } from './what-if.dto.js';
import { WhatIfErrors } from './what-if.errors.js';
import { toRequest, toWhatIfAnswerDto } from './what-if.mapper.js';
import { WhatIfService } from './what-if.service.js';

/** What would happen if. */
@Controller('organizations/:organizationId/clusters/:clusterId/plan')
export class WhatIfController {
  constructor(private readonly whatIf: WhatIfService) {}

  @Post()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'planCluster',
    tag: 'scheduler',
    summary: 'Ask what would happen if',
    result: 'The next pass with the changes, beside the one without them.',
    description:
      'The difference that a change would make to the next pass: deployments submitted, changed or ended, another capacity, another policy, a cordon. Answered by the planner of the passes on the cluster as it is now. Nothing is done, and nothing is written.',
    example: { deployments: [{ resources: { cpu: 16, memoryMib: 131_072, gpu: 4 }, priority: 80 }] },
    answer: WhatIfAnswerDto,
    problems: [WhatIfErrors.DEPLOYMENT_INVALID, WhatIfErrors.REQUEST_EMPTY, PlanningErrors.BUSY],
  })
  async ask(
    @CurrentActor() actor: Actor,
    @ClusterParam() cluster: ClusterRef,
    @Body() body: WhatIfDto,
  ): Promise<WhatIfAnswerDto> {
    return toWhatIfAnswerDto(await this.whatIf.answer(actor, cluster, toRequest(body)));
  }
}
