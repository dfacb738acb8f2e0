import { Controller, Get } from '@nestjs/common';

import { ApiRoute } from '#http';
import { Public } from '#rbac';

import { LiveDto, ReadyDto } from './health.dto.js';
import { HealthErrors, HealthService } from './health.service.js';

/** For whoever keeps the process running. */
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Public()
  @ApiRoute({
    id: 'getLiveness',
    tag: 'operations',
    summary: 'Is the process alive?',
    description: 'Answers as long as the event loop does. Start the process anew when it does not.',
    answer: LiveDto,
  })
  live(): LiveDto {
    return { status: 'live' };
  }

  @Get('ready')
  @Public()
  @ApiRoute({
    id: 'getReadiness',
    tag: 'operations',
    summary: 'Can the process serve?',
    description: 'Send it requests while it says yes. Without Redis it says `degraded`, and serves all the same.',
    answer: ReadyDto,
    problems: [HealthErrors.NOT_READY],
  })
  async ready(): Promise<ReadyDto> {
    return this.health.ready();
  }
}
