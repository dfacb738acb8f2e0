import { Controller, Get } from '@nestjs/common';

import { ApiRoute } from '#http';
import { Public } from '#rbac';

import { LiveDto, ReadyDto, StartedDto } from './health.dto.js';
import { HealthErrors, HealthService } from './health.service.js';

/** Health checks for orchestrators and load balancers. */
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Public()
  @ApiRoute({
    id: 'getLiveness',
    tag: 'operations',
    summary: 'Check that the process is alive',
    result: 'The event loop runs.',
    description: 'Answers while the event loop runs. Restart the process when it does not answer.',
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
    summary: 'Check that the process has started',
    result: 'The process has started.',
    description: 'Answers 200 from the moment at which the process could serve for the first time.',
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
    summary: 'Check that the process can serve',
    result: 'The process can serve: every check, and what is degraded.',
    description:
      'Answers at once, from checks made every second. Send requests to the process while it answers 200. Without Redis, or while an open transaction delays events, it is `degraded`, and serves.',
    answer: ReadyDto,
    problems: [HealthErrors.NOT_READY],
  })
  async ready(): Promise<ReadyDto> {
    return this.health.ready();
  }
}
