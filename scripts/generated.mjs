// `node scripts/generated.mjs [--check]`: writes the files that follow from the code, or says which of them are stale.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { prepare, prepareSdk } from './lib/prepare.mjs';
import { main } from './lib/processes.mjs';
import { inProject, Stop } from './lib/project.mjs';

/** A file with the text between the two comments that name a section replaced. */
function withSection(name, section, text) {
  const old = readFileSync(inProject(name), 'utf8');
  const [begin, end] = [`<!-- ${section}: written by npm run generated -->`, `<!-- /${section} -->`];
  const [before, rest] = old.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Stop(`${name} has no section ${section}`);
  return { name, text: `${before}${begin}\n\n${text}\n\n${end}${after}` };
}

/** JSON with what fits on a line on one: half as long, and a change still shows as the lines that it changes. */
async function tidy(json) {
  const { format } = await import('prettier');
  return format(JSON.stringify(JSON.parse(json)), { parser: 'json', printWidth: 160 });
}

await main(async () => {
  await prepare();
  const { renderEnvExample } = await import(inProject('dist', 'libs', 'config', 'index.js'));
  const { renderOpenApi } = await import(inProject('dist', 'apps', 'api', 'document.js'));
  const { transitionTable } = await import(inProject('dist', 'libs', 'deployments', 'states', 'transitions.js'));
  const files = [
    { name: '.env.example', text: renderEnvExample() },
    { name: 'docs/openapi.json', text: await tidy(await renderOpenApi()) },
    withSection('docs/concepts.md', 'transitions', transitionTable()),
  ];
  const stale = files.filter(
    ({ name, text }) => !existsSync(inProject(name)) || readFileSync(inProject(name), 'utf8') !== text,
  );
  if (!process.argv.includes('--check')) {
    stale.forEach(({ name, text }) => writeFileSync(inProject(name), text));
    await prepareSdk();
  } else if (stale.length > 0) {
    throw new Stop(`stale: ${stale.map(({ name }) => name).join(', ')}. Run: npm run generated`);
  }
});
