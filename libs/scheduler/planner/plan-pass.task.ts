import { plan, type Plan, type Snapshot } from '#packing';

import { packSight } from '../passes/pass-sight.js';

/** The plan of a pass, and what is to be remembered of what it saw; null: nothing. */
export interface PassPlan {
  readonly plan: Plan;
  readonly sight: Uint8Array | null;
}

/** Plans for a pass. What is remembered is packed here, so that it costs no event loop anything. */
export function planPass(snapshot: Snapshot): PassPlan {
  const made = plan(snapshot);
  return { plan: made, sight: packSight(snapshot, made) };
}
