import { parseArgs } from 'node:util';

import { Stop } from './services/stop.js';

/**
 * What the scripts that start us found out before.
 *
 * `main.js` runs Stowage; `main.js -- COMMAND ARGUMENTS...` runs a command with a PostgreSQL and a Redis of its own.
 * Before that may stand `--redis-server PATH` and `--began MILLISECONDS`.
 */
export interface Arguments {
  /** When the person at the keyboard gave the command, in milliseconds since 1970. */
  readonly began: number;
  readonly redisServer: string;
  readonly command: readonly string[];
}

/** @throws Stop when they are not of that form */
export function readArguments(argv: readonly string[]): Arguments {
  const options = {
    began: { type: 'string', default: String(performance.timeOrigin) },
    'redis-server': { type: 'string', default: 'redis-server' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { began: Number(values.began), redisServer: values['redis-server'], command: positionals };
  } catch (error) {
    throw new Stop(error instanceof Error ? error.message : String(error), 2);
  }
}
