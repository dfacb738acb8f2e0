import { Module } from '@nestjs/common';

import { DeploymentsModule } from '#deployments';
import { SchedulerModule } from '#scheduler';

import { WhatIfController } from './what-if.controller.js';
import { WhatIfService } from './what-if.service.js';

/** The next pass as it would be after a change. */
@Module({
  imports: [DeploymentsModule, SchedulerModule],
  controllers: [WhatIfController],
  providers: [WhatIfService],
})
export class WhatIfModule {}
