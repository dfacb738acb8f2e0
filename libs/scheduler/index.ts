import { DecisionHeadSchema, PassDecisionSchema } from './decisions/decision.entity.js';
import { PassSchema } from './passes/pass.entity.js';
import { PassSnapshotSchema } from './passes/pass-snapshot.entity.js';
import { PassTotalsSchema } from './passes/pass-totals.entity.js';
import { ClusterScheduleSchema } from './snapshot/cluster-schedule.entity.js';
import { GatheredRunSchema } from './snapshot/gathered-run.entity.js';

export { AfterPassModule, AfterPassQueue, type PassResult } from './cycle/after-pass-queue.js';
export { type StoredDecision } from './decisions/chain.js';
export { checkChain, type CheckedChain } from './decisions/check-chain.js';
export { type DecisionExcerpt, linesOf, readExcerpt, UnreadableLog } from './decisions/decision-file.js';
export { DecisionRecorder } from './decisions/decision-recorder.js';
export { type DecisionHead, readHead, readLog } from './decisions/decision-log.js';
export { plannerBuild } from './decisions/planner-build.js';
export { readDecisions, replay, type ReplayedDecision } from './decisions/replay.js';
export {
  type History,
  type HistoryChange,
  openEnds,
  recordedWaits,
  simulateHistory,
} from './decisions/simulated-history.js';
export { LATENCY_BUCKETS_MS } from './passes/latencies.js';
export { CertificateDto, ReservationDto } from './passes/passes.dto.js';
export { toReservationDto } from './passes/passes.mapper.js';
export { PassesRepository, type RecordedSnapshot } from './passes/passes.repository.js';
export { BackgroundPlannerPool } from './planner/planner-pool.js';
export { PlanningErrors } from './planner/planner.errors.js';
export { PlannerModule } from './planner/planner.module.js';
export { type TaskClock } from './planner/task-clock.js';
export { type PlannerTask, plannerTask } from './planner/planner-task.js';
export { PlannerClient } from './planner/planner-client.js';
export { SchedulerModule } from './scheduler.module.js';
export { CurrentSnapshotReader } from './snapshot/current-snapshot.js';
export { afterSettling, type CurrentSnapshot, PresentSnapshots } from './snapshot/present-snapshots.js';
export { SnapshotModule } from './snapshot/snapshot.module.js';
export { amountsOf } from './snapshot/snapshot-reader.js';

/** The tables of this lib. */
export const schedulerEntities = [
  PassSchema,
  PassTotalsSchema,
  PassSnapshotSchema,
  ClusterScheduleSchema,
  GatheredRunSchema,
  PassDecisionSchema,
  DecisionHeadSchema,
];
