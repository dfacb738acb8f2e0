// How long a reader waits for Swagger UI: until the first operation is open on a new page, and until another one is on the same page; with the
// OpenAPI 3.0 that the page is given, in turn with the 3.1 of /openapi.json, and with Swagger UI as it comes, without the plugins of the page.
//
//   npm run bench:docs [-- --rounds 5]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { chromium } from 'playwright-core';

import { ensureChromium } from '../../scripts/lib/chromium.mjs';
import { withApi } from '../lib/api.mjs';
import { machine, median } from '../lib/database.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const ROUNDS = Number(values.rounds);
const TAG = 'deployments';
const FIRST = 'getDeployment';
const SECOND = 'submitDeployment';

/** In the page: waits until nothing has kept it from a timer for half a second. @returns when the last thing that did was over */
const whenQuiet = async () => {
  let busy = performance.now();
  for (let last = busy, now = busy; now - busy < 500; last = now) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    now = performance.now();
    if (now - last > 50) busy = now;
  }
  return performance.timeOrigin + busy;
};

/** Milliseconds until the form of an operation is there, and the page answers at once again. */
async function untilOpen(page, id, opening) {
  const began = Date.now();
  await opening();
  await page.locator(`.opblock.is-open[id$="-${id}"] .execute`).waitFor();
  return (await page.evaluate(whenQuiet)) - began;
}

/** Serves the script of the page with an empty list of plugins. */
async function withoutPlugins(route) {
  const response = await route.fetch();
  const script = await response.text();
  const plain = script.replace(/plugins: \[.*\]/, 'plugins: []');
  if (plain === script) throw new Error('the script of the page has no list of plugins');
  await route.fulfill({ response, body: plain });
}

async function measure(page, url) {
  const first = await untilOpen(page, FIRST, () => page.goto(`${url}/docs?${Math.random()}#/${TAG}/${FIRST}`));
  const summary = page.locator(`#operations-${TAG}-${SECOND} .opblock-summary-control`).first();
  return { first, second: await untilOpen(page, SECOND, () => summary.click()) };
}

await withApi('stowage_bench_docs', async (port) => {
  const url = `http://127.0.0.1:${port}`;
  const profile = mkdtempSync(join(tmpdir(), 'stowage-bench-'));
  const executablePath = await ensureChromium();
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ['--no-sandbox'] });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    const changes = {
      'as served': ['', () => undefined],
      'without plugins': ['**/docs/init.js', withoutPlugins],
      'OpenAPI 3.1': [
        '**/docs/openapi-3.0.json',
        async (route) => route.fulfill({ response: await route.fetch({ url: `${url}/openapi.json` }) }),
      ],
    };
    const times = Object.fromEntries(Object.keys(changes).map((name) => [name, []]));
    await measure(page, url);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, [served, change]] of Object.entries(changes)) {
        if (served !== '') await page.route(served, change);
        times[name].push(await measure(page, url));
        if (served !== '') await page.unroute(served);
      }
    }
    process.stdout.write(
      `${machine()}; Chromium ${context.browser()?.version() ?? 'of unknown version'}, ${ROUNDS} rounds, medians in ms\n\n`,
    );
    process.stdout.write('| page | first operation, on a new page | another one |\n| --- | ---: | ---: |\n');
    for (const [name, each] of Object.entries(times)) {
      const first = median(each.map((time) => time.first)).toFixed(0);
      process.stdout.write(`| ${name} | ${first} | ${median(each.map((time) => time.second)).toFixed(0)} |\n`);
    }
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
});
