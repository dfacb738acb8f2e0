import { type TraceCarrier } from '#telemetry';

/** The Bull queue through which workers are told that a cluster wants a pass. */
export const PASS_QUEUE = 'passes';

/** The one kind of job in it. */
export const PASS_JOB = 'pass';

/** What a nudge carries. It says where to look, and nothing of what will be found there. */
export interface PassJob {
  readonly clusterId: string;
  /** The request that caused it, or the first of several. For logs and traces only. */
  readonly requestId?: string;
  /** The trace that it belongs to. */
  readonly trace?: TraceCarrier;
}

/**
 * How Bull treats a pass. Locks are short, so that the job of a killed worker comes back within seconds, and stalls are not held against
 * a job: it is only a nudge, and a lost one costs at most one interval of the sweep.
 */
export const PASS_QUEUE_SETTINGS = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 10,
} as const;

/** Milliseconds until the next try to reach Redis. Bull's own back-off grows to 20 s, longer than its locks live. */
export function redisRetryDelay(times: number): number {
  return Math.min(50 * 2 ** Math.min(times, 5), 1_000);
}
