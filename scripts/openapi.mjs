// `node scripts/openapi.mjs lint | diff | release`: holds the document that the API serves, as OpenAPI 3.1 and as 3.0,
// against the rules of redocly.yaml (lint); compares it with the last release's document (diff: what a client of that
// release relies on is still there; before the first release there is nothing to compare); keeps it as the document of the
// version in package.json (release), compressed, because only this script reads it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { projectEnvironment } from './lib/node.mjs';
import { writeDocument, writeDocument30 } from './lib/openapi.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';

const CLI = inProject('node_modules', '@redocly', 'cli', 'bin', 'cli.js');
const RELEASES = inProject('docs', 'releases');
const NAME = /^openapi-(\d+)\.(\d+)\.(\d+)\.json\.gz$/;

/** The document of the last release: the one with the highest version in its name. */
function lastRelease() {
  const rank = (name) =>
    NAME.exec(name)
      .slice(1)
      .reduce((sum, part) => sum * 1e5 + Number(part), 0);
  const names = existsSync(RELEASES) ? readdirSync(RELEASES).filter((name) => NAME.test(name)) : [];
  return names.sort((a, b) => rank(b) - rank(a))[0];
}

async function redocly(node, ...args) {
  // The tool would report its use, and look for news of itself.
  const env = { ...projectEnvironment(node), REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_NOTIFICATIONS: 'true' };
  await handOver(node, [CLI, ...args, '--config', inProject('redocly.yaml')], { env });
}

await main(async () => {
  const what = process.argv[2];
  if (!['lint', 'diff', 'release'].includes(what))
    throw new Stop('usage: node scripts/openapi.mjs lint | diff | release', 2);
  const node = await prepare();
  const document = await writeDocument();
  if (what === 'lint')
    return redocly(node, 'lint', document, await writeDocument30(document), '--max-problems', '1000');
  if (what === 'release') {
    const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
    mkdirSync(RELEASES, { recursive: true });
    return writeFileSync(inProject('docs', 'releases', `openapi-${version}.json.gz`), gzipSync(readFileSync(document)));
  }
  const last = lastRelease();
  if (last === undefined) return void process.stdout.write('nothing is released yet: no change can break a client\n');
  const before = inProject('.cache', last.replace(/\.gz$/, ''));
  writeFileSync(before, gunzipSync(readFileSync(join(RELEASES, last))));
  return redocly(node, 'diff', before, document, '--fail-on', 'major');
});
