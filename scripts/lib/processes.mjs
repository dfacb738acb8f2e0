import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

import { root, Stop } from './project.mjs';

/**
 * Runs a command to its end, its stdout on our stderr.
 *
 * @returns {Promise<number>} its exit code; 127 when there is no such command
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
    child.once('error', (error) => (error.code === 'ENOENT' ? resolve(127) : reject(error)));
    child.once('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/**
 * Runs a command in the foreground in our place: it owns the terminal, gets the signals that we get, and its exit code
 * is ours. It also holds a channel to us, and notices when this process is killed.
 */
export async function handOver(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  const watch = stopWithNpm(() => child.kill('SIGTERM'));
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
  });
  clearInterval(watch);
  if (signal === 'SIGINT' || signal === 'SIGTERM') {
    process.exitCode = 128 + constants.signals[signal];
  } else if (signal !== null) {
    throw new Stop(`the process was ended by ${signal}`, 1);
  } else {
    process.exitCode = code;
  }
}

/** Started by npm, this process ends when npm is killed: Ctrl-C would no longer reach it. */
function stopWithNpm(stop) {
  if (process.env.npm_lifecycle_event === undefined) {
    return undefined;
  }
  const before = linesToNpm();
  return setInterval(() => {
    if (linesToNpm() !== before) stop();
  }, 200).unref();
}

/** Who our parent is, and, where that is only the shell in which npm runs its scripts, who its parent is. */
function linesToNpm() {
  const shell = process.ppid;
  try {
    const isShell = readFileSync(`/proc/${shell}/cmdline`, 'utf8').split('\0')[1] === '-c';
    const status = readFileSync(`/proc/${shell}/status`, 'utf8');
    return isShell ? `${shell} ${/^PPid:\s*(\d+)/m.exec(status)?.[1]}` : `${shell}`;
  } catch {
    return `${shell}`;
  }
}

/** Runs a script's main function: a `Stop` becomes its sentence and exit code. */
export async function main(script) {
  try {
    await script();
  } catch (error) {
    const isRefusedBySystem = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(error.code);
    if (!(error instanceof Stop) && !isRefusedBySystem) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode ?? 1;
  }
}
