export { PassProcessor } from './pass/pass.processor.js';
export { type PassOutcome, PassService } from './pass/pass.service.js';
export { BackgroundPlanner, Planner } from './pass/planner.js';
export { Sweep } from './pass/sweep.js';
export { Retention } from './retention.js';
export { SnapshotReader } from './snapshot/snapshot-reader.js';
export { SchedulerProcessorModule } from './scheduler-processor.module.js';
