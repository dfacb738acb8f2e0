import { Module } from '@nestjs/common';

import { AfterPassModule, PlannerModule } from '#scheduler';

import { BlockerCacheWriter } from './blockers/blocker-cache-writer.js';

/** What a worker keeps current of insights after each pass. */
@Module({ imports: [AfterPassModule, PlannerModule], providers: [BlockerCacheWriter] })
export class InsightsProcessorModule {}
