import { Body, Controller, Post } from '@nestjs/common';

import { ApiRoute, BodyLimit } from '#http';
import { type Actor, CurrentActor, RbacErrors, SignedIn } from '#rbac';
import { PlanningErrors } from '#scheduler';

import { MAX_PROBLEM_BYTES, WholePlanDto, WholeProblemDto } from './whole-problems.dto.js';
import { WholeProblemErrors } from './whole-problems.errors.js';
import { toWholePlanDto, toWholeProblem } from './whole-problems.mapper.js';
import { WholeProblemsService } from './whole-problems.service.js';

/** Plans of problems that stand alone. */
@Controller('plan')
export class WholeProblemsController {
  constructor(private readonly problems: WholeProblemsService) {}

  @Post()
  @SignedIn()
  @BodyLimit(MAX_PROBLEM_BYTES)
  @ApiRoute({
    id: 'planProblem',
    tag: 'scheduler',
    summary: 'Plan a whole problem',
    description:
      'For capacity planning: a capacity, what runs, and what waits (at most 10,000 of each), with the plan that a pass would make of it, by the same planner. It has nothing to do with any cluster; nothing is read, and nothing is written. `npm run admin -- plan` takes the same problems, of any size, and makes the same plans without a service.',
    answer: WholePlanDto,
    problems: [RbacErrors.SESSION_REQUIRED, WholeProblemErrors.DUPLICATE_ID, PlanningErrors.BUSY],
  })
  async plan(@CurrentActor() actor: Actor, @Body() body: WholeProblemDto): Promise<WholePlanDto> {
    return toWholePlanDto(await this.problems.plan(actor, toWholeProblem(body)));
  }
}
