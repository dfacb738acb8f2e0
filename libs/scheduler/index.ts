import { PassSchema } from './passes/pass.entity.js';
import { PassSightSchema } from './passes/pass-sight.entity.js';
import { PassTotalsSchema } from './passes/pass-totals.entity.js';
import { ClusterScheduleSchema } from './snapshot/cluster-schedule.entity.js';

export { AfterPassModule, AfterPassQueue, type PassResult } from './cycle/after-pass-queue.js';
export { LATENCY_BUCKETS_MS } from './passes/latencies.js';
export { type KeptSight, PassSights } from './passes/pass-sights.js';
export { CertificateDto, ReservationDto } from './passes/passes.dto.js';
export { toCertificateDto, toReservationDto } from './passes/passes.mapper.js';
export { BackgroundPlanner } from './planner/planner.js';
export { PlanningErrors } from './planner/planner.errors.js';
export { PlannerModule } from './planner/planner.module.js';
export { type PlannerTask, plannerTask } from './planner/planner-task.js';
export { Questions } from './planner/questions.js';
export { SchedulerModule } from './scheduler.module.js';
export { afterSettling, type Present, PresentReader } from './snapshot/present.js';
export { amountsOf } from './snapshot/snapshot-reader.js';

/** The tables of this lib. */
export const schedulerEntities = [PassSchema, PassTotalsSchema, PassSightSchema, ClusterScheduleSchema];
