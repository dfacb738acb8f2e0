import type { PlanningPolicy } from './types.js';

/** The least and the most that a number may be. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The range of each number of a policy. Durations in seconds. */
export const PLANNING_LIMITS = {
  /** At ten microseconds a step, a tenth of a second. What is done in any case adds half of that, in the largest clusters. */
  searchSteps: { min: 1, max: 10_000 },
  /** Up to a year. */
  reserveAfterSeconds: { min: 0, max: 31_536_000 },
  /** Up to a year. */
  preemptAfterSeconds: { min: 0, max: 31_536_000 },
  /** 0: nothing is ever preempted. */
  maxPreemptions: { min: 0, max: 1_000 },
  /** Up to a day: a terminating deployment holds resources for which others wait. */
  stopGraceSeconds: { min: 0, max: 86_400 },
} as const satisfies Readonly<
  Record<Exclude<keyof PlanningPolicy, 'objective' | 'preemption' | 'reservationOrder'>, Range>
>;

/** What holds where a cluster's owner has decided nothing: about 100 ms of search, a reservation after ten minutes; nothing is preempted. */
export const DEFAULT_POLICY: PlanningPolicy = {
  objective: 'successes',
  searchSteps: 10_000,
  reserveAfterSeconds: 600,
  reservationOrder: 'relative-wait',
  preemption: 'never',
  preemptAfterSeconds: 60,
  maxPreemptions: 3,
  stopGraceSeconds: 0,
};
