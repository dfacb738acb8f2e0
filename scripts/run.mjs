// `node scripts/run.mjs NAME ARGUMENTS...`: runs a program of the project, installed and built if need be. NAME is a
// folder with a main.js in dist/ or dist/apps/, or a .js file in dist/. Only the program writes to stdout.
import { existsSync } from 'node:fs';

import { quickEnvironment } from './lib/node.mjs';
import { prepare } from './lib/prepare.mjs';
import { handOver, main } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) {
    throw new Stop('usage: node scripts/run.mjs NAME ARGUMENTS...', 2);
  }
  const node = await prepare();
  const candidates = name.endsWith('.js') ? [name] : [`${name}/main.js`, `apps/${name}/main.js`];
  const program = candidates.map((path) => inProject('dist', path)).find((path) => existsSync(path));
  if (program === undefined) {
    throw new Stop(`there is no program ${name}: looked for dist/${candidates.join(' and dist/')}`, 2);
  }
  // The program works with the paths its caller gave, so it keeps the caller's directory.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  await handOver(node, [program, ...args], { cwd, env: quickEnvironment(node) });
});
