// `npm test [-- JEST ARGUMENTS]`: all suites that need no hours, on a machine with nothing but Node (20 or newer) and
// apt. It starts its own PostgreSQL and Redis, and removes them. `--coverage` also checks what must stay covered. Where a
// folder of lib/depth.mjs changed, the `deep` project runs too, and properties draw all their random cases.
import { COVERAGE_THRESHOLDS, COVERED, DEEP_SUITE, SUITES } from './lib/suites.mjs';
import { depth } from './lib/depth.mjs';
import { projectEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { startedAt } from './lib/progress.mjs';
import { inProject } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

await main(async () => {
  const args = process.argv.slice(2);
  const node = await prepare();
  const redis = await ensureRedis();
  const chosenDepth = depth();
  const jest = [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    inProject('node_modules', 'jest', 'bin', 'jest.js'),
    ...args,
  ];
  if (args.includes('--coverage')) {
    // Also files that no test loads count.
    jest.push(...COVERED.map((pattern) => `--collectCoverageFrom=${pattern}`));
    jest.push(`--coverageThreshold=${JSON.stringify(COVERAGE_THRESHOLDS)}`);
  }
  if (!args.includes('--selectProjects')) {
    jest.push('--selectProjects', ...SUITES, ...(chosenDepth === 'third' ? [] : [DEEP_SUITE]));
  }
  const standalone = inProject('dist', 'apps', 'standalone', 'main.js');
  await handOver(node, [standalone, '--began', String(startedAt), '--redis-server', redis, '--', node, ...jest], {
    env: { ...projectEnvironment(node), STOWAGE_TEST_DEPTH: chosenDepth },
  });
});
