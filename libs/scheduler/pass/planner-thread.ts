import { plan, type Plan, type Snapshot } from '#packing';

/** The whole of a planner thread: pure code behind a message port. */
export default function planInThread(snapshot: Snapshot): Plan {
  return plan(snapshot);
}
