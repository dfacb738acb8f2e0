import { Controller, Get } from '@nestjs/common';

import { ApiRoute } from '#http';
import { RbacErrors, RequireOperator } from '#rbac';

import { RetentionDto } from './admin-retention.dto.js';
import { toRetentionDto } from './admin-retention.mapper.js';
import { AdminRetentionService } from './admin-retention.service.js';

/** What the installation keeps for how long, for operators. */
@RequireOperator()
@Controller('admin/retention')
export class AdminRetentionController {
  constructor(private readonly retention: AdminRetentionService) {}

  @Get()
  @ApiRoute({
    id: 'getRetention',
    tag: 'operators',
    summary: 'What is kept for how long',
    description:
      'For each kind of data: how long it is kept, the oldest that is still there, and how many are past their time and about to go. What is past its time is removed by itself, in small steps; a number that grows from hour to hour says that this does not happen. Times are those that this process is configured with: give the workers, who remove, the same ones.',
    answer: RetentionDto,
    problems: [RbacErrors.OPERATOR_REQUIRED],
  })
  async read(): Promise<RetentionDto> {
    return toRetentionDto(await this.retention.read());
  }
}
