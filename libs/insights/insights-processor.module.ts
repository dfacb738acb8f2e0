import { Module } from '@nestjs/common';

import { BackgroundModule } from '#background';
import { AfterPassModule, PlannerModule, SnapshotModule } from '#scheduler';

import { BlockerCacheWriter } from './blockers/blocker-cache-writer.js';
import { LikelyStartsModule } from './likely/likely.module.js';
import { PredictionRetention } from './likely/prediction-retention.js';
import { PredictionWriter } from './likely/prediction-writer.js';

/** What a worker keeps current of insights after each pass. */
@Module({
  imports: [AfterPassModule, BackgroundModule, LikelyStartsModule, PlannerModule, SnapshotModule],
  providers: [BlockerCacheWriter, PredictionWriter, PredictionRetention],
})
export class InsightsProcessorModule {}
