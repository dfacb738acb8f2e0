import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { Environment } from '#config';

import type { Context } from './context.js';
import { aborted } from './services/foreground.js';
import { say } from './services/terminal.js';
import { startThrowawayServices } from './services/throwaway.js';

/** A command that is asked to stop gets this long to do so. */
const STOP_WAIT_MS = 10_000;

/**
 * Runs a command with a throwaway PostgreSQL and Redis, for tests and benchmarks.
 *
 * The command finds a superuser's address of PostgreSQL in STOWAGE_TEST_DATABASE_URL and Redis, with 64 numbered
 * databases, in STOWAGE_TEST_REDIS_URL. However it ends, everything is stopped and removed.
 *
 * @returns the command's exit code
 */
export async function withServices(context: Context, command: readonly string[]): Promise<number> {
  const services = await startThrowawayServices(context.redisServer, context.signal);
  say('PostgreSQL and Redis for this run answer');
  try {
    const environment = {
      ...context.environment,
      STOWAGE_TEST_DATABASE_URL: services.postgresUrl,
      STOWAGE_TEST_REDIS_URL: services.redisUrl,
    };
    return await runCommand(command, environment, context.signal);
  } finally {
    await services.stop();
  }
}

async function runCommand(command: readonly string[], env: Environment, signal: AbortSignal): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: { ...env }, stdio: 'inherit' });
  void aborted(signal).then(() => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS).unref();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
