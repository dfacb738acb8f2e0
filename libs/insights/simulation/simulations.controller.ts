import { Body, Controller, Post } from '@nestjs/common';

import { ApiRoute, BodyLimit, Turns } from '#http';
import { type Actor, CurrentActor, SignedIn } from '#rbac';
import { PlanningErrors } from '#scheduler';

import { MAX_REQUEST_BYTES, SimulatedPlanDto, SimulationRequestDto } from './simulations.dto.js';
import { SimulationErrors } from './simulations.errors.js';
import { toProblemInSteps, toSimulatedPlanDto } from './simulations.mapper.js';
import { SimulationsService } from './simulations.service.js';

/** Plans of problems that stand alone. */
@Controller('plan')
export class SimulationsController {
  constructor(
    private readonly problems: SimulationsService,
    private readonly turns: Turns,
  ) {}

  @Post()
  @SignedIn()
  @BodyLimit(MAX_REQUEST_BYTES)
  @ApiRoute({
    id: 'simulatePlan',
    tag: 'scheduler',
    summary: 'Plan a whole problem',
    result: 'The plan: what starts, what is preempted, and its certificate.',
    description:
      'For capacity planning: a capacity, what runs, and what waits (at most 10,000 of each), with the plan that a pass would make of it, by the same planner. It has nothing to do with any cluster; nothing is read, and nothing is written. `npm run admin -- plan` takes the same problems, of any size, and makes the same plans without a service. Planning ends after a second (`certificate.stopped` is `deadline` then), and the whole answer after two: `omittedCount` counts the waiting deployments that are left out.',
    answer: SimulatedPlanDto,
    problems: [SimulationErrors.DUPLICATE_ID, PlanningErrors.BUSY],
  })
  async plan(@CurrentActor() actor: Actor, @Body() body: SimulationRequestDto): Promise<SimulatedPlanDto> {
    return toSimulatedPlanDto(
      this.turns,
      actor,
      await this.problems.plan(actor, await this.turns.run(actor.accountId, toProblemInSteps(body))),
    );
  }
}
