import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import { projectEnvironment } from './node.mjs';
import { writeDocument } from './openapi.mjs';
import { run } from './processes.mjs';
import { inProject, Stop } from './project.mjs';

const inSdk = (...parts) => inProject('libs', 'sdk', ...parts);

/** Generates the client of the API, and compiles it with what stands around it to libs/sdk/dist. Needs a build. */
export async function buildSdk(node) {
  const document = JSON.parse(readFileSync(await writeDocument(), 'utf8'));
  const generate = [
    inProject('node_modules', '@hey-api', 'openapi-ts', 'bin', 'run.js'),
    '-f',
    'openapi-ts.config.mjs',
  ];
  await runInSdk(node, generate, 'the generator failed: its own words are above.');
  writeFileSync(inSdk('generated', 'keyed-routes.ts'), renderKeyedRoutes(document));
  rmSync(inSdk('dist'), { recursive: true, force: true });
  await runInSdk(node, [inProject('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], 'the SDK does not compile.');
}

async function runInSdk(node, args, complaint) {
  const code = await run(node, args, { cwd: inSdk(), env: projectEnvironment(node) });
  if (code !== 0) throw new Stop(complaint);
}

/** Which routes take an Idempotency-Key: generators keep that to themselves. */
function renderKeyedRoutes({ paths }) {
  const takesKey = ({ parameters = [] }) => parameters.some(({ name }) => name === 'Idempotency-Key');
  const patterns = Object.entries(paths)
    .filter(([, item]) => item.post !== undefined && takesKey(item.post))
    .map(([template]) => `  /${template.replaceAll('/', '\\/').replace(/\{\w+\}/g, '[^/]+')}$/,\n`);
  return `/** The paths whose POST takes an Idempotency-Key. */\nexport const KEYED_ROUTES: readonly RegExp[] = [\n${patterns.join('')}];\n`;
}
