import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';

import { projectEnvironment } from './node.mjs';
import { prepareSdk } from './prepare.mjs';
import { run } from './processes.mjs';
import { during } from './progress.mjs';
import { inProject, Stop } from './project.mjs';

const FOLDER = inProject('.cache', 'clients');
const LOCK = 'package-lock.json';

/** Installs the packages of test/clients, unless they are. @returns {Promise<string>} the folder that they are in */
export async function ensureClientGenerators() {
  const wanted = readFileSync(inProject('test', 'clients', LOCK), 'utf8');
  const installed = inProject('.cache', 'clients', LOCK);
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return FOLDER;
  // Some of them need the Node of the project.
  const node = await prepareSdk();
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  copyFileSync(inProject('test', 'clients', 'package.json'), inProject('.cache', 'clients', 'package.json'));
  copyFileSync(inProject('test', 'clients', LOCK), installed);
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await during('installing the generators of clients', () =>
    run('npm', args, { cwd: FOLDER, env: projectEnvironment(node) }),
  );
  if (code !== 0) {
    rmSync(installed, { force: true });
    throw new Stop('npm could not install the generators of clients: its own words are above.');
  }
  return FOLDER;
}
