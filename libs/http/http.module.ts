import { Global, Module } from '@nestjs/common';

import { NudgeOrigin } from '#queue';

import { ProblemsController } from './openapi/problems.controller.js';
import { Drain } from './server/drain.js';
import { EventStreams } from './server/event-streams.js';
import { currentRequest } from './server/request-context.js';

/** What every process needs that answers over HTTP. `createHttpApp` adds it by itself. */
@Global()
@Module({
  controllers: [ProblemsController],
  providers: [
    Drain,
    EventStreams,
    { provide: NudgeOrigin, useValue: { requestId: () => currentRequest()?.requestId } satisfies NudgeOrigin },
  ],
  exports: [Drain, EventStreams, NudgeOrigin],
})
export class HttpModule {}
