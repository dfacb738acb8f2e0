import type { Environment } from '#config';

/** The surroundings of both ways of starting. */
export interface Context {
  readonly environment: Environment;
  /** The path or name of redis-server. */
  readonly redisServer: string;
  /** Restart the API and the worker when a file that they loaded has changed. */
  readonly isWatching: boolean;
  /** Aborted when it should stop. */
  readonly signal: AbortSignal;
}
