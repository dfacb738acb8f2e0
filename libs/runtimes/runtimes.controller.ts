import { Controller, Delete, Get, Query } from '@nestjs/common';

import { ApiRoute, type Page, PageOf } from '#http';
import { type Actor, CurrentActor, OrganizationParam, RequireRole } from '#rbac';

import { ForgetRuntimesQuery, LearnedRuntimeDto, RuntimesQuery } from './runtimes.dto.js';
import { RuntimePages } from './runtime-pages.js';
import { RuntimesService } from './runtimes.service.js';

/** How long what an organization ran took, by image and member. */
@Controller('organizations/:organizationId/runtimes')
export class RuntimesController {
  constructor(
    private readonly runtimes: RuntimesService,
    private readonly pages: RuntimePages,
  ) {}

  @Get()
  @RequireRole('viewer')
  @ApiRoute({
    id: 'listRuntimes',
    tag: 'scheduler',
    summary: 'List learned runtimes',
    description:
      'How long runs took, by image and member, in the clusters that you see: of attempts that completed, failed or reached their limit. Cancelled and preempted ones say nothing. Likely starts are forecast from them, and whose turn it is where no runtime is declared.',
    answer: PageOf(LearnedRuntimeDto),
  })
  async list(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Query() query: RuntimesQuery,
  ): Promise<Page<LearnedRuntimeDto>> {
    return this.pages.list(actor, organizationId, query);
  }

  @Delete()
  @RequireRole('admin')
  @ApiRoute({
    id: 'forgetRuntimes',
    tag: 'scheduler',
    summary: 'Forget learned runtimes',
    description:
      'Learning begins anew: for an image, a member, both, or without parameters for the whole organization. Averages over members and images are forgotten with them, and are learned again from the next runs.',
    result: 'What was learned of them is forgotten.',
  })
  async forget(
    @CurrentActor() actor: Actor,
    @OrganizationParam() organizationId: string,
    @Query() query: ForgetRuntimesQuery,
  ): Promise<void> {
    await this.runtimes.forget(actor, organizationId, query);
  }
}
