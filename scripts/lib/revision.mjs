import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { prepare } from './prepare.mjs';
import { during } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';

/** Runs a git command in this checkout. @returns {Buffer | undefined} what it wrote; undefined when it failed */
function git(...args) {
  try {
    return execFileSync('git', args, { cwd: inProject(), stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 });
  } catch {
    return undefined;
  }
}

/**
 * Builds a revision of this repository beside the present one, once.
 *
 * @returns {Promise<string>} the folder that holds its dist/
 */
export async function buildRevision(revision) {
  const commit = git('rev-parse', '--verify', '--quiet', `${revision}^{commit}`)?.toString().trim();
  if (commit === undefined)
    throw new Stop(`this checkout has no history with ${revision}: fetch it, or name another one`);
  // Not in this checkout, whose tests and linter would find it.
  const folder = join(tmpdir(), 'stowage-revisions', commit);
  const stamp = join(folder, '.built');
  if (existsSync(stamp)) return folder;
  const node = await prepare();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', commit) });
  await during(`building ${revision}`, () => buildIn(folder, node));
  writeFileSync(stamp, '');
  return folder;
}

/** With the packages that are here, where they are the same ones. */
async function buildIn(folder, node) {
  if (packagesOf(folder) === packagesOf(inProject())) {
    symlinkSync(inProject('node_modules'), join(folder, 'node_modules'), 'dir');
  } else if ((await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], { cwd: folder })) !== 0) {
    throw new Stop('its packages cannot be installed');
  }
  const nest = join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  if ((await run(node, [nest, 'build'], { cwd: folder })) !== 0) throw new Stop('it cannot be built');
}

/** The packages of a checkout, but for what it says of itself, as text. */
function packagesOf(folder) {
  const { '': _itself, ...packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages;
  return JSON.stringify(packages);
}
