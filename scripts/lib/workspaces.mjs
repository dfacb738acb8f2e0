import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { projectEnvironment } from './node.mjs';
import { during, say } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop, workspaces } from './project.mjs';

const inSdk = (...parts) => inProject('libs', 'sdk', ...parts);

const DOCUMENT = 'docs/openapi.json';
const STAMP = inProject('.cache', 'workspaces-built');

/** Whether the SDK and the apps on it are what the committed API document and their sources make. */
export function hasBuiltWorkspaces() {
  const outputs = [STAMP, inSdk('dist', 'index.js'), ...workspaces.slice(1).map((app) => inProject('dist', app))];
  return outputs.every((path) => existsSync(path)) && readFileSync(STAMP, 'utf8') === fingerprint();
}

/**
 * Generates the client from docs/openapi.json, compiles it with the hand-written part to libs/sdk/dist, and then the apps on it to
 * dist/apps. The document is committed, therefore none of it needs a build of the API.
 */
export async function ensureWorkspaces(node) {
  if (hasBuiltWorkspaces()) return;
  const before = fingerprint();
  rmSync(STAMP, { force: true });
  rmSync(inSdk('dist'), { recursive: true, force: true });
  await during('generating the SDK', async () => {
    const generator = inProject('node_modules', '@hey-api', 'openapi-ts', 'bin', 'run.js');
    await runIn('libs/sdk', node, [generator, '-f', 'openapi-ts.config.mjs'], 'the generator failed: see above.');
    const document = JSON.parse(readFileSync(inProject(DOCUMENT), 'utf8'));
    writeFileSync(inSdk('generated', 'keyed-routes.ts'), renderKeyedRoutes(document));
    const compiler = inProject('node_modules', 'typescript', 'bin', 'tsc');
    for (const folder of workspaces) {
      rmSync(inProject('dist', folder), { recursive: true, force: true });
      await runIn(folder, node, [compiler, '-p', '.'], `${folder} does not compile: the compiler says why above.`);
    }
  });
  writeFileSync(STAMP, before);
  say('the SDK is generated');
}

async function runIn(folder, node, args, complaint) {
  const code = await run(node, args, { cwd: inProject(folder), env: projectEnvironment(node) });
  if (code !== 0) throw new Stop(complaint);
}

function fingerprint() {
  const hash = createHash('sha256');
  const sources = [...workspaces, 'package-lock.json', 'tsconfig.json', DOCUMENT].flatMap(sourcesUnder);
  for (const path of sources) hash.update(`\n${path}\n`).update(readFileSync(inProject(path)));
  return hash.digest('hex');
}

/** A file, or the files of a folder that its programs are made from. */
function sourcesUnder(path) {
  if (!workspaces.includes(path)) return [path];
  const isSource = (name) => /\.(ts|mjs|json)$/.test(name) && !NOT_SOURCES.test(name);
  const names = readdirSync(inProject(path), { recursive: true });
  return names
    .filter(isSource)
    .sort()
    .map((name) => `${path}/${name}`);
}

const NOT_SOURCES = /^(dist|generated|node_modules|testing)[\\/]|\.spec\.ts$/;

/** Lists the routes that take an Idempotency-Key: generators keep that to themselves. */
function renderKeyedRoutes({ paths }) {
  const takesKey = ({ parameters = [] }) => parameters.some(({ name }) => name === 'Idempotency-Key');
  const patterns = Object.entries(paths)
    .filter(([, item]) => item.post !== undefined && takesKey(item.post))
    .map(([template]) => `  /${template.replaceAll('/', '\\/').replace(/\{\w+\}/g, '[^/]+')}$/,\n`);
  return `/** The paths whose POST takes an Idempotency-Key. */\nexport const KEYED_ROUTES: readonly RegExp[] = [\n${patterns.join('')}];\n`;
}
