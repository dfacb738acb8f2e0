// `node scripts/count-tests.mjs FILE [AGAIN]`: the counts of a Jest run, from its JSON result, in one line; AGAIN is the
// result of a second run of the files that failed in the first, where there was one. Fails when the run left no result,
// ran nothing, or could not even load a suite.
import { readFileSync, statSync } from 'node:fs';

import { main } from './lib/processes.mjs';
import { Stop } from './lib/project.mjs';

/** @returns the result of a run; undefined when there is none */
function read(path) {
  if (path === undefined || (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined;
  return JSON.parse(readFileSync(path, 'utf8'));
}

await main(() => {
  const [, , path, pathOfAgain] = process.argv;
  const first = read(path);
  if (first === undefined) throw new Stop('the tests left no result');
  const last = read(pathOfAgain) ?? first;
  if (last.numRuntimeErrorTestSuites > 0) {
    process.stderr.write(`${last.numRuntimeErrorTestSuites} suites could not be loaded\n`);
    process.exitCode = 1;
  }
  const failed = last.numFailedTests;
  const passed = first.numPassedTests + first.numFailedTests - failed;
  if (passed + failed === 0) throw new Stop('no test was run');
  const skipped = first.numPendingTests > 0 ? `, ${first.numPendingTests} skipped` : '';
  process.stdout.write(`${passed} passed, ${failed} failed${skipped}\n`);
});
