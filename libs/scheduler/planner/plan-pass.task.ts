import { plan, type Plan, type Snapshot } from '#packing';

import { encodeSnapshot } from '../passes/snapshot-codec.js';
import { type TaskClock } from './task-clock.js';

/** The plan of a pass, and its snapshot as it is stored; null: it is not stored. */
export interface PassPlan {
  readonly plan: Plan;
  readonly encodedSnapshot: Uint8Array | null;
}

/** Plans for a pass. The snapshot is encoded here too, in the thread, and not on the event loop. */
export function planPass(snapshot: Snapshot, clock: TaskClock): PassPlan {
  const made = plan(snapshot, { shouldStop: clock.forPlan() });
  return { plan: made, encodedSnapshot: encodeSnapshot(snapshot, made) };
}
