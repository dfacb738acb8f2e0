import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { identify, isAlive, type ProcessIdentity } from './process-identity.js';
import type { Program, StopPlan } from './program.js';

/** How a process ended: with an exit code, by a signal, or never having begun. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

/** A running program that this process started. */
export interface ManagedProcess {
  readonly program: Program;
  /** Undefined when it could not be started, or ended at once: `exited` then tells why. */
  readonly identity: ProcessIdentity | undefined;
  readonly exited: Promise<Exit>;
}

/**
 * Starts a program in a session of its own, so that Ctrl-C in the terminal reaches us alone and we stop it in order.
 *
 * @param log a file descriptor for its stdout and stderr; closed here
 */
export function launch(program: Program, log: number): ManagedProcess {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const child = spawn(program.command, program.args, {
    cwd: program.cwd,
    env: { ...program.env },
    stdio: [program.input === undefined ? 'ignore' : 'pipe', log, log],
    detached: true,
    ...(program.user === undefined ? {} : { uid: program.user.uid, gid: program.user.gid }),
  });
  closeSync(log);
  child.once('error', (error) => {
    resolve({ code: null, signal: null, error });
  });
  child.once('exit', (code, signal) => {
    resolve({ code, signal });
  });
  // A program that ends before it has read its input is reported by its exit.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(program.input);
  return { program, identity: child.pid === undefined ? undefined : identify(child.pid), exited };
}

/** An exit in words, to follow the program's name. */
export function describeExit({ code, signal, error }: Exit): string {
  if (error !== undefined) return `could not be started: ${error.message}`;
  return signal === null ? `ended with exit code ${String(code)}` : `was ended by ${signal}`;
}

/**
 * Ends a process, ours or an orphan, by the plan: each signal in turn until it is gone.
 *
 * @returns whether it is gone
 */
export async function end(target: ProcessIdentity, plan: StopPlan): Promise<boolean> {
  for (const { signal, waitMs } of plan) {
    if (!isAlive(target)) return true;
    try {
      process.kill(target.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    }
    if (await isGoneWithin(target, waitMs)) return true;
  }
  return !isAlive(target);
}

async function isGoneWithin(target: ProcessIdentity, waitMs: number): Promise<boolean> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    if (!isAlive(target)) return true;
    await sleep(20);
  }
  return !isAlive(target);
}
