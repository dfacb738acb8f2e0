import { Injectable } from '@nestjs/common';

import { type Page, Pages, present } from '#http';
import { type Actor } from '#rbac';

import { LearnedRuntimeDto, type RuntimesQuery } from './runtimes.dto.js';
import { RuntimesService } from './runtimes.service.js';

/** Pages of learned runtimes. */
@Injectable()
export class RuntimePages {
  constructor(
    private readonly runtimes: RuntimesService,
    private readonly pages: Pages,
  ) {}

  /** By image and member, in their order. */
  async list(actor: Actor, organizationId: string, query: RuntimesQuery): Promise<Page<LearnedRuntimeDto>> {
    const page = this.pages.open('runtimes', { organizationId }, query);
    const rows = await this.runtimes.list(actor, organizationId, query, page);
    return page.of(
      rows,
      ({ image, memberId }) => [image, memberId],
      (row) => present(LearnedRuntimeDto, row),
    );
  }
}
