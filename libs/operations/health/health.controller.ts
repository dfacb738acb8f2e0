import { Controller, Get } from '@nestjs/common';

import { ApiRoute } from '#http';
import { Public } from '#rbac';

import { LiveDto, ReadyDto, StartedDto } from './health.dto.js';
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

  @Get('startup')
  @Public()
  @ApiRoute({
    id: 'getStartup',
    tag: 'operations',
    summary: 'Has the process started?',
    description:
      'Says yes from the moment at which the process could serve for the first time. Whoever waits for that need not ask for readiness meanwhile.',
    answer: StartedDto,
    problems: [HealthErrors.NOT_READY],
  })
  async startup(): Promise<StartedDto> {
    return this.health.startup();
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
