import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { projectEnvironment } from './node.mjs';
import { during, say } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, root, Stop, workspaces } from './project.mjs';

const STAMP = inProject('dist', '.stowage-built');
const COMPILER_STATE = inProject('dist', '.tsbuildinfo');
const BUILT_FOLDERS = ['apps', 'libs'];
/** The SDK and the apps on it: workspaces.mjs compiles them. */
const NOT_BUILT = workspaces.flatMap((folder) => [inProject(folder), inProject('dist', folder)]);
const SETTINGS = ['package.json', 'package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Whether dist/ is what a build would make of the sources, compiler settings and packages as they are. */
export function hasBuilt() {
  const last = readStamp();
  return isWhole(last) && last.fingerprint === fingerprint();
}

/** Builds dist/ when a source, a compiler setting or a package has changed since the last build, or a file is missing. */
export async function ensureBuilt(node) {
  if (hasBuilt()) {
    return;
  }
  const before = fingerprint();
  const last = readStamp();
  rmSync(STAMP, { force: true });
  if (!isWhole(last)) {
    // The compiler's memory of a former build would let it believe that missing files are there.
    rmSync(COMPILER_STATE, { force: true });
  }
  await during('building', () => build(node));
  removeOrphans();
  const outputs = builtFiles().map((path) => relative(root, path));
  writeFileSync(STAMP, JSON.stringify({ fingerprint: before, outputs }));
  say('built');
}

async function build(node) {
  const nest = inProject('node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const code = await run(node, [nest, 'build'], { env: projectEnvironment(node) });
  if (code !== 0) {
    throw new Stop('the build failed: the compiler says why above.');
  }
}

/** What the last complete build was made from, and what it wrote. */
function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return undefined;
  }
}

function isWhole(build) {
  return build !== undefined && build.outputs.every((path) => existsSync(inProject(path)));
}

const isSource = (path) => path.endsWith('.ts') && !path.endsWith('.spec.ts');

function builtFiles() {
  return BUILT_FOLDERS.flatMap((folder) => filesUnder(inProject('dist', folder))).filter((path) =>
    path.endsWith('.js'),
  );
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !NOT_BUILT.includes(join(folder, name)))
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}

function fingerprint() {
  const sources = BUILT_FOLDERS.flatMap((folder) => filesUnder(inProject(folder))).filter(isSource);
  const hash = createHash('sha256').update(process.platform);
  for (const path of [...SETTINGS.map((name) => inProject(name)), ...sources]) {
    hash.update(`\n${relative(root, path)}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Removes what sources left that no longer exist, so that nothing can still import it. */
function removeOrphans() {
  for (const path of builtFiles()) {
    if (!existsSync(inProject(relative(inProject('dist'), path).replace(/\.js$/, '.ts')))) {
      rmSync(path);
      rmSync(`${path}.map`, { force: true });
    }
  }
}
