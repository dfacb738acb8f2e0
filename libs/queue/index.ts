import { ClusterSignalSchema } from './cluster-signal.entity.js';
import { QueueShapeSchema } from './queue-shape.entity.js';

export { AccessHints } from './redis/access-hints.js';
export { ChangeHints } from './redis/change-hints.js';
export { ClusterSignals, isRepairWanted, type SignalReason, type TakenSignals } from './cluster-signals.js';
export { NudgeOrigin } from './nudge-origin.js';
export { Nudges } from './nudges.js';
export { PASS_JOB, PASS_QUEUE, type PassJob } from './redis/queue.constants.js';
export { type ClusterRef, queuedCount, type QueuedShape, QueueShapes, type ShapeChange } from './queue-shapes.js';
export { type QueuedByPriority, queuedByPriority } from './queued-by-priority.js';
export { QueueModule } from './queue.module.js';

/** The tables of this lib. */
export const queueEntities = [ClusterSignalSchema, QueueShapeSchema];
