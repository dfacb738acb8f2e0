import type { PlanningPolicy } from './types.js';

/** What holds where a cluster's owner has decided nothing: about 200 ms of search, a reservation after ten minutes, held for an hour; nothing is preempted. */
export const DEFAULT_POLICY: PlanningPolicy = {
  searchSteps: 20_000,
  reserveAfterSeconds: 600,
  reserveHoldSeconds: 3_600,
  preemption: 'never',
  preemptAfterSeconds: 60,
  maxPreemptions: 3,
  stopGraceSeconds: 0,
};
