// `npm run test:rolling [-- --from REVISION]`: two APIs and two workers are restarted one after another while the demo
// runs, and no request may fail. With --from they are those of an older revision (a tag, a commit of this repository's
// history), the database is migrated while they run, and this build takes their place.
import process from 'node:process';
import { parseArgs } from 'node:util';

import { buildRevision } from './lib/revision.mjs';
import { main } from './lib/processes.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { from: { type: 'string' } } });
  if (values.from !== undefined) process.env.STOWAGE_OLD_BUILD = await buildRevision(values.from);
  process.argv.splice(2, Infinity, '--selectProjects', 'faults', '--testPathPatterns', 'rolling');
  await import('./test.mjs');
});
