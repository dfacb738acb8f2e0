// `npm start`: from a fresh clone to the whole of Stowage in the foreground. Runs before anything is installed, and
// therefore uses nothing but Node (20 or newer). `npm run dev` adds --watch: sources are compiled when they change, and the
// API and the worker restart; PostgreSQL and Redis run on.
import { spawn } from 'node:child_process';

import { quickEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { startedAt } from './lib/progress.mjs';
import { inProject, root } from './lib/project.mjs';
import { ensureRedis } from './lib/redis.mjs';

await main(async () => {
  const node = await prepare();
  const usesOwnRedis = !process.env.REDIS_URL && !process.env.REDIS_URL_FILE;
  const redis = usesOwnRedis ? ['--redis-server', await ensureRedis()] : [];
  const options = ['--began', String(startedAt), ...redis, ...process.argv.slice(2)];
  const compiler = process.argv.includes('--watch') ? startCompiler(node) : undefined;
  try {
    await handOver(node, [inProject('dist', 'apps', 'standalone', 'main.js'), ...options], {
      env: quickEnvironment(node),
    });
  } finally {
    compiler?.kill();
  }
});

/** Compiles what changes to dist/, and prints errors. */
function startCompiler(node) {
  const tsc = inProject('node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'];
  return spawn(node, args, { cwd: root, stdio: ['ignore', 2, 2] });
}
