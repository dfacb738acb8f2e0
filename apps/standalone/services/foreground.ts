import { once } from 'node:events';

import { EXIT_CODE_OF_BAD_SETTINGS, SettingsError } from '#config';

import { Stop } from './stop.js';
import { say } from './terminal.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program's main function in the foreground and ends the process with its exit code.
 *
 * The signal it gets is aborted when the program should stop: on Ctrl-C, SIGTERM or a closed terminal (repeated ones
 * change nothing: npm and the terminal both deliver them), when the script that started us is killed, and on an
 * uncaught exception. The function then stops in order and returns.
 */
export async function inForeground(body: (signal: AbortSignal) => Promise<number>): Promise<never> {
  const controller = new AbortController();
  const stop = () => {
    controller.abort(new Stop('stopped', 0));
  };
  for (const signal of SIGNALS) {
    process.on(signal, stop);
  }
  process.on('disconnect', stop);
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  let fault: unknown;
  process.on('uncaughtException', (error) => {
    fault ??= error;
    controller.abort(new Stop('stopped', 1));
  });
  let exitCode: number;
  try {
    exitCode = await body(controller.signal);
  } catch (error) {
    exitCode = report(controller.signal.aborted ? controller.signal.reason : error);
  }
  if (fault !== undefined) {
    exitCode = report(fault);
  }
  process.exit(exitCode);
}

/** Resolves when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function report(error: unknown): number {
  if (error instanceof SettingsError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT_CODE_OF_BAD_SETTINGS;
  }
  if (error instanceof Stop) {
    if (error.exitCode !== 0) say(error.message);
    return error.exitCode;
  }
  if (!(error instanceof Error)) {
    say(String(error));
  } else {
    say(isRefusedBySystem(error) ? error.message : (error.stack ?? error.message));
  }
  return 1;
}

/** No right to write there, or no room left: the message names the path, and a stack would not help. */
function isRefusedBySystem(error: NodeJS.ErrnoException): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(error.code ?? '');
}
