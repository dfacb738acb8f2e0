// `npm start`: from a fresh clone to the whole of Stowage in the foreground. Runs before anything is installed, and
// therefore uses nothing but Node (20 or newer).
import { quickEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { startedAt } from './lib/progress.mjs';
import { inProject } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

await main(async () => {
  const node = await prepare();
  const usesOwnRedis = !process.env.REDIS_URL && !process.env.REDIS_URL_FILE;
  const redis = usesOwnRedis ? ['--redis-server', await ensureRedis()] : [];
  const began = ['--began', String(startedAt)];
  await handOver(node, [inProject('dist', 'apps', 'standalone', 'main.js'), ...began, ...redis], {
    env: quickEnvironment(node),
  });
});
