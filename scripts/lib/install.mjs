import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, relative } from 'node:path';

import { during, say } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';

const LOCK = inProject('package-lock.json');
const STAMP = inProject('node_modules', '.stowage-installed');
const INSTALLED_LOCK = inProject('node_modules', '.package-lock.json');

/** Whether the packages of package-lock.json were installed by a former call. */
export function hasInstalled() {
  return readOr(STAMP, '') === fingerprint();
}

/** Installs the packages of package-lock.json with `npm ci`, unless exactly they are installed already. */
export async function ensureInstalled() {
  if (hasInstalled()) {
    return;
  }
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8'));
  if (!isInstalled(packages)) {
    await installAll();
  }
  linkWorkspaces(packages);
  writeFileSync(STAMP, fingerprint());
}

function fingerprint() {
  return createHash('sha256').update(`${process.platform} ${process.arch}\n`).update(readFileSync(LOCK)).digest('hex');
}

/** Whether npm's own record of what it installed agrees with the lock file: then nothing need be installed again. */
function isInstalled(packages) {
  const installed = JSON.parse(readOr(INSTALLED_LOCK, '{}')).packages;
  if (installed === undefined) return false;
  const agrees = ([path, entry]) => {
    const present = installed[path];
    if (entry.link === true || !path.startsWith('node_modules/')) return true;
    if (present === undefined) return isForAnotherMachine(entry);
    return present.version === entry.version && present.integrity === entry.integrity && existsSync(inProject(path));
  };
  return Object.entries(packages).every(agrees) && Object.keys(installed).every((path) => path in packages);
}

/** Packages with binaries come once for each kind of machine; npm takes the fitting one, and leaves out what only others need. */
function isForAnotherMachine({ optional, os, cpu, libc }) {
  const includes = (list, own) => list === undefined || list.includes(own);
  const isForThisOne = (os ?? cpu) !== undefined && includes(os, process.platform) && includes(cpu, process.arch);
  return optional === true && (!isForThisOne || libc !== undefined);
}

/** Makes the links to workspaces that are missing: a new workspace needs no other installation. */
function linkWorkspaces(packages) {
  for (const [path, { link, resolved }] of Object.entries(packages)) {
    const place = inProject(path);
    if (link !== true || existsSync(place)) continue;
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(relative(dirname(place), inProject(resolved)), place);
  }
}

async function installAll() {
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = await during('installing the npm packages', () => run('npm', args, { env: environmentOfNpm() }));
  if (code === 127) {
    throw new Stop('npm was not found: install it (it comes with Node) and try again.');
  }
  if (code !== 0) {
    throw new Stop('npm could not install the packages: its own words are above. Is the npm registry reachable?');
  }
  say('npm packages are installed');
}

/** npm replaces node_modules, so nothing in there may be what runs it. */
function environmentOfNpm() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const outside = folders.filter((folder) => !folder.startsWith(inProject('node_modules')));
  return { ...process.env, PATH: outside.join(delimiter), SCARF_ANALYTICS: 'false' };
}

function readOr(path, otherwise) {
  return existsSync(path) ? readFileSync(path, 'utf8') : otherwise;
}
