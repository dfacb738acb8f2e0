import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { run } from './processes.mjs';

// Where packages put programs, on machines whose PATH leaves these out.
const USUAL_FOLDERS = ['/usr/local/bin', '/usr/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/** How to run a command as root without being asked for a password. */
export async function waysToBeRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = findOnPath('sudo');
  const isPasswordless = sudo !== undefined && (await run(sudo, ['-n', 'true'], { stdio: 'ignore' })) === 0;
  return isPasswordless ? [sudo, '-n'] : undefined;
}

/** The absolute path of a program, where the machine has it. */
export function findOnPath(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
