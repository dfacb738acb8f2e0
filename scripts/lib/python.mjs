import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';

import { during } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';
import { findOnPath, waysToBeRoot } from './system.mjs';

const inSdk = (...parts) => inProject('libs', 'sdk-python', ...parts);

/** What Debian's packages of Python modules are called. */
const PACKAGES = { httpx: 'python3-httpx', hatchling: 'python3-hatchling', mypy: 'mypy' };
const DEBIAN = '/usr/bin/python3';

/** Whether a Python is new enough, and has these modules. */
function has(python, modules) {
  const check = `import sys, ${modules.join(', ')}; sys.exit(sys.version_info < (3, 11))`;
  return python !== undefined && spawnSync(python, ['-c', check]).status === 0;
}

/** Finds a Python 3.11 or newer with these modules, or installs Debian's. @returns {Promise<string>} its absolute path */
export async function ensurePython(modules) {
  const found = [findOnPath('python3'), DEBIAN].find((python) => has(python, modules));
  if (found !== undefined) return found;
  const asRoot = await waysToBeRoot();
  const remedy = `a Python 3.11 or newer with ${modules.join(' and ')} (pip install ${modules.join(' ')})`;
  if (asRoot === undefined || findOnPath('apt-get') === undefined) {
    throw new Stop(`the Python SDK needs ${remedy}, and cannot be helped to one here: install it and try again.`);
  }
  const packages = modules.map((name) => PACKAGES[name]);
  const install = `
    set -e
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends python3 ${packages.join(' ')}`;
  const [command, ...args] = [...asRoot, 'sh', '-c', install];
  await during(`installing ${packages.join(', ')} with apt-get`, () => run(command, args));
  if (!has(DEBIAN, modules)) throw new Stop(`apt-get could not install ${remedy}: its own words are above.`);
  return DEBIAN;
}

/** Generates the Python SDK, and builds its wheel. @returns {Promise<string>} the path of the wheel */
export async function buildWheel(python) {
  rmSync(inSdk('dist'), { recursive: true, force: true });
  const code = await run(python, ['-m', 'hatchling', 'build', '-t', 'wheel'], { cwd: inSdk() });
  if (code !== 0) throw new Stop('the Python SDK could not be built: see above.');
  const [wheel] = readdirSync(inSdk('dist'));
  return inSdk('dist', wheel);
}
