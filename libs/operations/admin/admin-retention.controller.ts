import { Controller, Get } from '@nestjs/common';

import { ApiRoute, present } from '#http';
import { RequireOperator } from '#rbac';

import { RetentionDto } from './admin-retention.dto.js';
import { AdminRetentionService } from './admin-retention.service.js';

/** Retention of data, for operators. */
@RequireOperator()
@Controller('admin/retention')
export class AdminRetentionController {
  constructor(private readonly retention: AdminRetentionService) {}

  @Get()
  @ApiRoute({
    id: 'getRetention',
    tag: 'operators',
    summary: 'List how long data is kept',
    result: 'Each kind of data: how long it is kept, and what is overdue.',
    description:
      'For each kind of data: how long it is kept, the time of the oldest, and the number of overdue rows. Workers remove overdue rows in small steps; a number that grows from hour to hour means that they do not. The times are the settings of this process: give the workers the same ones.',
    answer: RetentionDto,
  })
  async read(): Promise<RetentionDto> {
    return present(RetentionDto, { items: await this.retention.read() });
  }
}
