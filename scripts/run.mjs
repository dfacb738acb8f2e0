// `node scripts/run.mjs APP ARGUMENTS...`: runs a program of apps/, installed and built if need be. Only the program writes to stdout.
import { existsSync } from 'node:fs';

import { quickEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) {
    throw new Stop('usage: node scripts/run.mjs APP ARGUMENTS...', 2);
  }
  const node = await prepare();
  const program = inProject('dist', 'apps', name, 'main.js');
  if (!existsSync(program)) {
    throw new Stop(`there is no program ${name}: looked for ${program}`, 2);
  }
  // The program works with the paths its caller gave, so it keeps the caller's directory.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  await handOver(node, [program, ...args], { cwd, env: quickEnvironment(node) });
});
