import { Global, Module } from '@nestjs/common';

import { NudgeOrigin } from '#queue';

import { CursorCodec } from './paging/cursor-codec.js';
import { Pages } from './paging/page.js';
import { ProblemsController } from './problems/problems.controller.js';
import { Drain } from './server/drain.js';
import { EventStreams } from './server/event-streams.js';
import { currentRequest } from './server/request-context.js';

/** What every controller may need: pages, and the catalogue of errors. `createHttpApp` adds it by itself. */
@Global()
@Module({
  controllers: [ProblemsController],
  providers: [
    CursorCodec,
    Pages,
    Drain,
    EventStreams,
    { provide: NudgeOrigin, useValue: { requestId: () => currentRequest()?.requestId } satisfies NudgeOrigin },
  ],
  exports: [Pages, Drain, EventStreams, NudgeOrigin],
})
export class HttpModule {}
