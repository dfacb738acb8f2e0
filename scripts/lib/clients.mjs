import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectEnvironment } from './node.mjs';
import { prepareSdk } from './prepare.mjs';
import { run } from './processes.mjs';
import { during } from './progress.mjs';
import { inProject, Stop } from './project.mjs';

const FOLDER = inProject('.cache', 'clients');
const STAMP = inProject('.cache', 'clients', 'installed');
const NAMES = ['package.json', 'package-lock.json'];

/** Installs the packages of test/clients/packages, unless they are. @returns {Promise<string>} the folder that they are in */
export async function ensureClientGenerators() {
  const wanted = NAMES.map((name) => readFileSync(inProject('test', 'clients', 'packages', name), 'utf8')).join('');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return FOLDER;
  // Some of them need the Node of the project.
  const node = await prepareSdk();
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const name of NAMES) copyFileSync(inProject('test', 'clients', 'packages', name), join(FOLDER, name));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await during('installing the generators of clients', () =>
    run('npm', args, { cwd: FOLDER, env: projectEnvironment(node) }),
  );
  if (code !== 0) throw new Stop('npm could not install the generators of clients: its own words are above.');
  writeFileSync(STAMP, wanted);
  return FOLDER;
}
