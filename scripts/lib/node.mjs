import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';

const NEEDED_MAJOR = 24;
const INSTALLED = inProject('node_modules', '.bin', 'node');

const majorOf = (version) => Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);

/** The Node that runs the project: the one that npm installed with it, else the running one when it is new enough. */
export function projectNode() {
  if (existsSync(INSTALLED) && majorOf(String(spawnSync(INSTALLED, ['--version']).stdout)) >= NEEDED_MAJOR) {
    return INSTALLED;
  }
  return majorOf(process.version) >= NEEDED_MAJOR ? process.execPath : undefined;
}

/** Makes sure of a Node that is new enough; call it after the packages have been installed. */
export async function ensureNode() {
  const folder = inProject('node_modules', 'node');
  if (projectNode() === undefined && existsSync(folder)) {
    // This npm runs no install scripts: that of Node is needed, and it brings the version that the lock file names.
    await run(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder });
    rmSync(INSTALLED, { force: true });
    symlinkSync(join('..', 'node', 'bin', 'node'), INSTALLED);
  }
  const node = projectNode();
  if (node === undefined) {
    throw new Stop(
      `Stowage needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}, and npm could not install a newer one: install it and try again.`,
    );
  }
  return node;
}

/** The environment for programs of the project: its own Node comes first on PATH. */
export function projectEnvironment(node) {
  return { ...process.env, PATH: [dirname(node), inProject('node_modules', '.bin'), process.env.PATH].join(delimiter) };
}

/** The same for programs that people wait for: compiled modules are kept, which saves a quarter of a second each. */
export function quickEnvironment(node) {
  return { NODE_COMPILE_CACHE: inProject('.cache', 'node'), ...projectEnvironment(node) };
}
