export { PassProcessor } from './cycle/pass.processor.js';
export { type PassOutcome, PassService } from './cycle/pass.service.js';
export { BackgroundPlanner, Planner } from './planner/planner.js';
export { Sweep } from './cycle/sweep.js';
export { Retention } from './retention.js';
export { SnapshotReader } from './snapshot/snapshot-reader.js';
export { SchedulerProcessorModule } from './scheduler-processor.module.js';
