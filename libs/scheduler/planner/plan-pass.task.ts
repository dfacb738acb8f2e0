import { plan, type Plan, type Snapshot } from '#packing';

import { encodeSnapshot } from '../passes/snapshot-codec.js';

/** The plan of a pass, and its snapshot as it is stored; null: it is not stored. */
export interface PassPlan {
  readonly plan: Plan;
  readonly encodedSnapshot: Uint8Array | null;
}

/** A plan takes so long, at most, on any machine. The policy's steps end almost every plan before. */
const PLAN_MS = 150;

/** Plans for a pass. The snapshot is encoded here too, in the thread, and not on the event loop. */
export function planPass(snapshot: Snapshot): PassPlan {
  const endMs = performance.now() + PLAN_MS;
  const made = plan(snapshot, { shouldStop: () => performance.now() >= endMs });
  return { plan: made, encodedSnapshot: encodeSnapshot(snapshot, made) };
}
