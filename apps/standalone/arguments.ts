import { parseArgs } from 'node:util';

import { Stop } from './services/stop.js';

/**
 * The arguments that our scripts pass.
 *
 * `main.js` runs Stowage; `main.js -- COMMAND ARGUMENTS...` runs a command with a PostgreSQL and a Redis of its own.
 * Options: `--redis-server PATH`, `--began MILLISECONDS`, `--watch`.
 */
export interface Arguments {
  /** When the user gave the command, in milliseconds since 1970. */
  readonly began: number;
  readonly redisServer: string;
  /** Restart the API and the worker when a file that they loaded has changed. */
  readonly isWatching: boolean;
  readonly command: readonly string[];
}

/** @throws Stop when they are not of that form */
export function readArguments(argv: readonly string[]): Arguments {
  const options = {
    began: { type: 'string', default: String(performance.timeOrigin) },
    'redis-server': { type: 'string', default: 'redis-server' },
    watch: { type: 'boolean', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return {
      began: Number(values.began),
      redisServer: values['redis-server'],
      isWatching: values.watch,
      command: positionals,
    };
  } catch (error) {
    throw new Stop(error instanceof Error ? error.message : String(error), 2);
  }
}
