// `node scripts/generated.mjs [--check]`: writes the files that follow from the code, or says which of them are stale.
// Needs a build.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { main } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';

await main(async () => {
  const { renderEnvExample } = await import(inProject('dist', 'libs', 'config', 'index.js'));
  const files = [{ name: '.env.example', text: renderEnvExample() }];
  const stale = files.filter(
    ({ name, text }) => !existsSync(inProject(name)) || readFileSync(inProject(name), 'utf8') !== text,
  );
  if (!process.argv.includes('--check')) {
    stale.forEach(({ name, text }) => writeFileSync(inProject(name), text));
  } else if (stale.length > 0) {
    throw new Stop(`stale: ${stale.map(({ name }) => name).join(', ')}. Run: npm run generated`);
  }
});
