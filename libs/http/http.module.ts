import { Global, Module } from '@nestjs/common';

import { NudgeOrigin } from '#queue';

import { ProblemsController } from './openapi/problems.controller.js';
import { Drain } from './server/drain.js';
import { EventStreams } from './server/event-streams.js';
import { currentRequest } from './server/request-context.js';

/** Providers of every process that serves HTTP. `createHttpApp` imports the module. */
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
