import { Redis } from 'ioredis';

import { type Program, SERVER_ENVIRONMENT, stopPlanOf } from './program.js';
import { Stop } from './stop.js';
import type { SystemUser } from './system-user.js';
import { until } from './until.js';

const READY_WAIT_MS = 60_000;

/**
 * A Redis for us alone: on the loopback address, behind a password, and keeping nothing on disk. It carries nudges and
 * rate limits; what it forgets, the sweep finds again in PostgreSQL. `noeviction`, because Bull's keys must not vanish
 * one by one.
 */
export function redisProgram(command: string, port: number, password: string, user: SystemUser | undefined): Program {
  const configuration = [
    'bind 127.0.0.1',
    `port ${String(port)}`,
    `requirepass ${password}`,
    'databases 64',
    'maxmemory-policy noeviction',
    'appendonly no',
    'save ""',
    'daemonize no',
    'dir /',
  ];
  return {
    name: 'redis',
    command,
    args: ['-'],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
    user,
    // By stdin and not by arguments: other users can read those.
    input: `${configuration.join('\n')}\n`,
    stop: stopPlanOf('redis'),
  };
}

/** The address of our own Redis. */
export function redisUrl(port: number, password: string): string {
  return `redis://:${password}@127.0.0.1:${String(port)}`;
}

/** Waits until our own Redis answers. @throws Stop when it never does */
export async function redisAnswers(port: number, password: string, signal: AbortSignal): Promise<void> {
  const problem = await until(() => problemOf(redisUrl(port, password)), { waitMs: READY_WAIT_MS, signal });
  if (problem !== undefined) throw new Stop(`Redis does not answer: ${problem.message}`);
}

async function problemOf(url: string): Promise<Error | undefined> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 1000, retryStrategy: () => null });
  // Its failures are those of the ping.
  client.on('error', () => undefined);
  try {
    await client.ping();
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    client.disconnect();
  }
}
