// `npm run test:browser [-- JEST ARGUMENTS]`: the pages of the API in a real browser. Screenshots are left in coverage/browser.
import { ensureChromium } from './lib/chromium.mjs';
import { main } from './lib/processes.mjs';

await main(async () => {
  process.env.STOWAGE_TEST_CHROMIUM = await ensureChromium();
  process.argv.splice(2, 0, '--selectProjects', 'browser');
  await import('./test.mjs');
});
