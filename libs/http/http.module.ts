import { Global, Module } from '@nestjs/common';

import { NudgeOrigin } from '#queue';
import { LoopLag } from '#telemetry';

import { BigBodies } from './bodies/big-bodies.js';
import { BodyBytes } from './bodies/body-bytes.js';
import { BodyIntake } from './bodies/body-intake.js';
import { Turns } from './bodies/turns.js';
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
    LoopLag,
    Turns,
    BodyBytes,
    BigBodies,
    BodyIntake,
    { provide: NudgeOrigin, useValue: { requestId: () => currentRequest()?.requestId } satisfies NudgeOrigin },
  ],
  exports: [Drain, EventStreams, LoopLag, Turns, NudgeOrigin],
})
export class HttpModule {}
