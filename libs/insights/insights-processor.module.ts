import { Module } from '@nestjs/common';

import { AfterPassModule, PlannerModule } from '#scheduler';

import { BlockerKeeper } from './blockers/blocker-keeper.js';

/** What a worker keeps current of insights after each pass. */
@Module({ imports: [AfterPassModule, PlannerModule], providers: [BlockerKeeper] })
export class InsightsProcessorModule {}
