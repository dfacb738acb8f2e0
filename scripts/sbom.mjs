// `npm run --silent sbom > stowage.cdx.json`: lists the npm packages of the images as CycloneDX, checked against its schema. npm's own list
// (`npm sbom`) leaves out packages that an optional part of another one shares.
import { join } from 'node:path';

import { CHECKS, ensureDeployChecks } from './lib/deploy.mjs';
import { main, run } from './lib/processes.mjs';
import { Stop } from './lib/project.mjs';

const CLI = join(CHECKS, 'node_modules', '@cyclonedx', 'cyclonedx-npm', 'bin', 'cyclonedx-npm-cli.js');
const ARGUMENTS = ['--package-lock-only', '--omit', 'dev', '--no-workspaces', '--flatten-components', '--validate'];

await main(async () => {
  await ensureDeployChecks();
  const args = [CLI, ...ARGUMENTS, '--output-reproducible', '--output-format', 'JSON'];
  const code = await run(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (code !== 0) throw new Stop('the list of packages could not be made: see above');
});
