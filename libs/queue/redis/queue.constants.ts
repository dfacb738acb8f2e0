import { type TraceCarrier } from '#telemetry';

/** The Bull queue of nudges. */
export const PASS_QUEUE = 'passes';

/** The one kind of job in it. */
export const PASS_JOB = 'pass';

/** The data of a nudge. */
export interface PassJob {
  readonly clusterId: string;
  /** The request that caused it, or the first of several. For logs and traces only. */
  readonly requestId?: string;
  /** The trace that it belongs to. */
  readonly trace?: TraceCarrier;
}

/**
 * Bull's settings of a pass. Locks are short: the job of a killed worker returns within seconds. Stalls do not fail a job: a lost nudge
 * costs at most one interval of the sweep.
 */
export const PASS_QUEUE_SETTINGS = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 10,
} as const;

/** Milliseconds until the next attempt to reach Redis. Bull's own back-off grows to 20 s, longer than its locks live. */
export function redisRetryDelay(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 5), 1_000);
}
