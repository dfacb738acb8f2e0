// `node scripts/bench.mjs NAME [arguments]`: runs bench/NAME/bench.mjs beside a throwaway PostgreSQL and Redis of its own.
import { projectEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { startedAt } from './lib/progress.mjs';
import { inProject } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

await main(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const node = await prepare();
  const redis = await ensureRedis();
  const standalone = inProject('dist', 'apps', 'standalone', 'main.js');
  const bench = [node, inProject('bench', name, 'bench.mjs'), ...args];
  await handOver(node, [standalone, '--began', String(startedAt), '--redis-server', redis, '--', ...bench], {
    env: projectEnvironment(node),
  });
});
