import { randomBytes } from 'node:crypto';

import { freePort } from './ports.js';
import {
  createDataDirectory,
  postgresAnswers,
  postgresProgram,
  type PostgresSettings,
  superuserUrl,
} from './postgres.js';
import type { PostgresFiles } from './postgres-files.js';
import { redisAnswers, redisProgram, redisUrl } from './redis.js';
import type { Supervisor } from './supervisor.js';
import { serviceUser } from './system-user.js';

/** Passwords that can stand in a URL as they are. */
export const newPassword = (): string => randomBytes(24).toString('base64url');

/** A PostgreSQL of our own that answers. */
export interface LocalPostgres {
  readonly port: number;
  readonly superuserUrl: string;
}

/** Starts PostgreSQL on a free port, with a new data directory if need be, and waits until it answers. */
export async function startPostgres(
  supervisor: Supervisor,
  files: PostgresFiles,
  options: {
    readonly password: string;
    readonly settings: PostgresSettings;
    readonly isThrowaway: boolean;
    readonly signal: AbortSignal;
  },
): Promise<LocalPostgres> {
  await createDataDirectory(files, options);
  options.signal.throwIfAborted();
  const port = await freePort();
  supervisor.start(postgresProgram(files, port, options.settings));
  const url = superuserUrl(port, options.password);
  await Promise.race([postgresAnswers(url, options.signal), supervisor.failure]);
  return { port, superuserUrl: url };
}

/** Starts Redis on a free port with a password of its own, and waits until it answers. @returns its address */
export async function startRedis(supervisor: Supervisor, command: string, signal: AbortSignal): Promise<string> {
  const port = await freePort();
  const password = newPassword();
  supervisor.start(redisProgram(command, port, password, serviceUser()));
  await Promise.race([redisAnswers(port, password, signal), supervisor.failure]);
  return redisUrl(port, password);
}
