import { Module } from '@nestjs/common';

import { DeploymentLifecycleModule } from '#deployments';
import { RuntimeLearningModule } from '#runtimes';

import { ClusterSchedules } from './cluster-schedules.js';
import { RunExpectations } from './expectations.js';
import { GatheredRuns } from './gathered-runs.js';
import { PresentSnapshots } from './present-snapshots.js';
import { SnapshotReader } from './snapshot-reader.js';

/** Reads what the next pass would read. */
@Module({
  imports: [DeploymentLifecycleModule, RuntimeLearningModule],
  providers: [ClusterSchedules, GatheredRuns, RunExpectations, SnapshotReader, PresentSnapshots],
  exports: [ClusterSchedules, GatheredRuns, PresentSnapshots, SnapshotReader],
})
export class SnapshotModule {}
