// `node scripts/count-tests.mjs FILE`: the counts of a Jest run, from its JSON result, in one line. Fails when the run
// left no result, ran nothing, or could not even load a suite.
import { readFileSync } from 'node:fs';

import { main } from './lib/processes.mjs';
import { Stop } from './lib/project.mjs';

await main(() => {
  let result;
  try {
    result = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  } catch {
    throw new Stop('the tests left no result');
  }
  const {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    numRuntimeErrorTestSuites,
  } = result;
  if (numRuntimeErrorTestSuites > 0) {
    process.stderr.write(`${numRuntimeErrorTestSuites} suites could not be loaded\n`);
    process.exitCode = 1;
  }
  if (passed + failed === 0) {
    throw new Stop('no test was run');
  }
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
});
