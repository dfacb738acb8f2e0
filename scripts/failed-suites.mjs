// `node scripts/failed-suites.mjs FILE`: the test files that failed in a Jest run, from its JSON result, one a line.
// Fails when none did, or when the run left no result: then something else was wrong.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { main } from './lib/processes.mjs';
import { root, Stop } from './lib/project.mjs';

await main(() => {
  let result;
  try {
    result = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  } catch {
    throw new Stop('the tests left no result');
  }
  const failed = result.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length === 0) throw new Stop('no test failed');
  process.stdout.write(`${failed.map((file) => relative(root, file)).join('\n')}\n`);
});
