import type { Environment } from '#config';

/** What every way of starting is given. */
export interface Context {
  readonly environment: Environment;
  /** The path or name of redis-server. */
  readonly redisServer: string;
  /** Aborted when it should stop. */
  readonly signal: AbortSignal;
}
