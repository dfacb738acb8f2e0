// `npm run test:clients [-- JEST ARGUMENTS]`: six generators make clients of the API's document, which compile and run against the service. Their
// packages (test/clients/packages/package.json) are installed in .cache/clients at the first run.
import { ensureClientGenerators } from './lib/clients.mjs';
import { main } from './lib/processes.mjs';

await main(async () => {
  process.env.STOWAGE_TEST_CLIENTS = await ensureClientGenerators();
  process.argv.splice(2, 0, '--selectProjects', 'clients');
  await import('./test.mjs');
});
