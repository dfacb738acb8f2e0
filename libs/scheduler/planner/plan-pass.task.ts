import { plan, type Plan, type Snapshot } from '#packing';

import { type StoredDecision } from '../decisions/chain.js';
import { DecisionRecorder, type Recording } from '../decisions/decision-recorder.js';
import { encodeSnapshot } from '../passes/snapshot-codec.js';
import { type TaskClock } from './task-clock.js';

/** What a pass wants planned, and where its decision is to be recorded; null: it is not recorded. */
export interface PassProblem {
  readonly snapshot: Snapshot;
  readonly recording: Recording | null;
}

/** The plan of a pass, and its snapshot as it is stored; null: it is not stored. */
export interface PassPlan {
  readonly plan: Plan;
  readonly decision: StoredDecision | null;
  readonly encodedSnapshot: Uint8Array | null;
}

/** What this thread remembers of the clusters that it has planned for. */
const recorder = new DecisionRecorder();

/** Plans for a pass. The snapshot is encoded here too, in the thread, and not on the event loop. */
export function planPass({ snapshot, recording }: PassProblem, clock: TaskClock): PassPlan {
  const made = plan(snapshot, { shouldStop: clock.forPlan() });
  const decision = recording === null ? null : recorder.record(recording, { snapshot, plan: made });
  return { plan: made, decision, encodedSnapshot: encodeSnapshot(snapshot, made) };
}
