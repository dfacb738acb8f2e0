import type { Environment } from '#config';

import type { SystemUser } from './system-user.js';

/** The environment of our servers: without the machine's locale and time zone, and without our secrets. */
export const SERVER_ENVIRONMENT: Environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** How to end a program: the signals in turn, each with the time it is given. */
export type StopPlan = readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[];

/** A program that runs in the background until it is stopped. */
export interface Program {
  /** Also the name of its log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  /** The system user that runs it; undefined: that of this process. */
  readonly user: SystemUser | undefined;
  /** What it reads on stdin; undefined: nothing. */
  readonly input: string | undefined;
  readonly stop: StopPlan;
}

const politely = (signal: NodeJS.Signals, waitMs: number): StopPlan => [
  { signal, waitMs },
  { signal: 'SIGKILL', waitMs: 500 },
];

/**
 * How each of our programs is ended. One after another they take less than 20 s, whatever they do.
 *
 * PostgreSQL: SIGINT ends sessions and writes a checkpoint; SIGQUIT leaves at once and recovers at the next start. Its
 * postmaster is never killed while a milder signal may work: its helpers would survive it for a moment.
 */
export const STOP_PLANS: Readonly<Record<string, StopPlan>> = {
  worker: politely('SIGTERM', 5000),
  api: politely('SIGTERM', 5000),
  redis: politely('SIGTERM', 1000),
  postgres: [{ signal: 'SIGINT', waitMs: 5000 }, ...politely('SIGQUIT', 1500)],
};

/** The plan for a program by its name. */
export function stopPlanOf(name: string): StopPlan {
  return STOP_PLANS[name] ?? politely('SIGTERM', 2000);
}
