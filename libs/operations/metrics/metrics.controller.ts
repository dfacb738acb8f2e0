import { Controller, Get, Header, UseGuards } from '@nestjs/common';

import { ApiRoute } from '#http';
import { Public } from '#rbac';

import { MetricsErrors } from './metrics.errors.js';
import { MetricsGuard } from './metrics.guard.js';
import { MetricsService } from './metrics.service.js';

/** Metrics for Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  @Public()
  @UseGuards(MetricsGuard)
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  @ApiRoute({
    id: 'getMetrics',
    tag: 'operations',
    summary: 'Figures for Prometheus',
    result: 'All figures, in the text format of Prometheus.',
    description:
      'Capacity, allocation and queue of every cluster, and figures of the process. With the metrics token; open to the machine itself where the process listens for no other and trusts no proxy.',
    mediaType: 'text/plain',
    problems: [MetricsErrors.TOKEN_REQUIRED],
  })
  async scrape(): Promise<string> {
    return this.metrics.scrape();
  }
}
