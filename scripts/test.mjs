// `npm test [-- JEST ARGUMENTS]`: all suites that need no hours, on a machine with nothing but Node (20 or newer) and
// apt. PostgreSQL and Redis are throwaway ones of our own. `--coverage` also checks what must stay covered.
import { COVERAGE_THRESHOLDS, COVERED, SUITES } from './lib/suites.mjs';
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
    jest.push('--selectProjects', ...SUITES);
  }
  const standalone = inProject('dist', 'apps', 'standalone', 'main.js');
  await handOver(node, [standalone, '--began', String(startedAt), '--redis-server', redis, '--', node, ...jest], {
    env: projectEnvironment(node),
  });
});
