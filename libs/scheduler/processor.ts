export { DecisionRetention } from './decisions/decision-retention.js';
export { PassAdmission } from './cycle/pass-admission.js';
export { PassProcessor } from './cycle/pass.processor.js';
export { type PassOutcome, PassService } from './cycle/pass.service.js';
export { Sweep } from './cycle/sweep.js';
export { PassRetention } from './passes/pass-retention.js';
export { PlannerPool } from './planner/planner-pool.js';
export { SchedulerProcessorModule } from './scheduler-processor.module.js';
export { SnapshotReader } from './snapshot/snapshot-reader.js';
