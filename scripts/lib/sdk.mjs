import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { projectEnvironment } from './node.mjs';
import { during, say } from './progress.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';

const inSdk = (...parts) => inProject('libs', 'sdk', ...parts);

const DOCUMENT = inProject('docs', 'openapi.json');
const STAMP = inSdk('dist', '.stowage-built');

/** Whether libs/sdk/dist is what the committed API document and the sources of the SDK make. */
export function hasBuiltSdk() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();
}

/**
 * Generates the client from docs/openapi.json, and compiles it with the hand-written part to libs/sdk/dist. The document is committed,
 * therefore the SDK needs no build of the API, and whatever imports the SDK can be compiled after it.
 */
export async function ensureSdk(node) {
  if (hasBuiltSdk()) return;
  const before = fingerprint();
  rmSync(inSdk('dist'), { recursive: true, force: true });
  await during('generating the SDK', async () => {
    const generator = inProject('node_modules', '@hey-api', 'openapi-ts', 'bin', 'run.js');
    await runInSdk(node, [generator, '-f', 'openapi-ts.config.mjs'], 'the generator failed: its output is above.');
    writeFileSync(inSdk('generated', 'keyed-routes.ts'), renderKeyedRoutes(JSON.parse(readFileSync(DOCUMENT, 'utf8'))));
    const compiler = inProject('node_modules', 'typescript', 'bin', 'tsc');
    await runInSdk(node, [compiler, '-p', '.'], 'the SDK does not compile: the compiler says why above.');
  });
  writeFileSync(STAMP, before);
  say('the SDK is generated');
}

async function runInSdk(node, args, complaint) {
  const code = await run(node, args, { cwd: inSdk(), env: projectEnvironment(node) });
  if (code !== 0) throw new Stop(complaint);
}

function fingerprint() {
  const sources = readdirSync(inSdk()).filter((name) => /\.(ts|mjs|json)$/.test(name));
  const hash = createHash('sha256').update(readFileSync(inProject('package-lock.json')));
  for (const path of [DOCUMENT, ...sources.sort().map((name) => inSdk(name))]) {
    hash.update(`\n${path}\n`).update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Lists the routes that take an Idempotency-Key: generators keep that to themselves. */
function renderKeyedRoutes({ paths }) {
  const takesKey = ({ parameters = [] }) => parameters.some(({ name }) => name === 'Idempotency-Key');
  const patterns = Object.entries(paths)
    .filter(([, item]) => item.post !== undefined && takesKey(item.post))
    .map(([template]) => `  /${template.replaceAll('/', '\\/').replace(/\{\w+\}/g, '[^/]+')}$/,\n`);
  return `/** The paths whose POST takes an Idempotency-Key. */\nexport const KEYED_ROUTES: readonly RegExp[] = [\n${patterns.join('')}];\n`;
}
