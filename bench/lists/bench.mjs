// How long the first page and a deep page of the queue and of lists take, through the API, beside 10,000 and 1,000,000 deployments. Prints rows
// of a markdown table: median and 95th percentile, in milliseconds. Needs a built project, a PostgreSQL whose user may create
// databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL).
//
//   node bench/lists/bench.mjs [--rows 10000,1000000] [--requests 200]
import { parseArgs } from 'node:util';

import { withApi } from '../lib/api.mjs';
import { ask, quantile } from '../lib/database.mjs';
import { aCluster, anOwner } from '../lib/service.mjs';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000,1000000' }, requests: { type: 'string', default: '200' } },
});
const SIZES = values.rows.split(',').map(Number);
const REQUESTS = Number(values.requests);

/** Half are queued, one in a thousand failed, the rest succeeded; every hundredth has a name and a rare label, all have a frequent one. */
const FILL = `
  insert into deployments (organization_id, id, cluster_id, name, is_named, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by,
                           queued_at, status, ended_at, released_at, labels)
  select $1, (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $4 + n), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid, $2,
         case when n % 100 = 0 then 'train-' else 'app-' end || n, n % 100 = 0, 'app', 1000, 1, 0, n % 101, $3,
         now() - ($4 - n) * interval '1 ms', status, case when status <> 'queued' then now() end, case when status <> 'queued' then now() end,
         case when n % 1000 = 1 then '{"team": "vision", "run": "rare"}' else '{"team": "vision"}' end::jsonb
  from (select n, case when n % 2 = 0 then 'queued' when n % 1000 = 1 then 'failed' else 'succeeded' end as status
        from generate_series(1, $4::int) n) rows`;

/** A user with an organization, a cluster and `rows` deployments in it. */
async function aFullCluster(port, client, rows) {
  const owner = await anOwner(port);
  const { id } = await aCluster(owner, port, { name: 'pool', capacity: { cpu: 1000, memoryMib: 1000, gpu: 0 } });
  await client.query(FILL, [owner.organization, id, owner.user, rows]);
  await client.query('vacuum analyze deployments');
  const path = `http://127.0.0.1:${port}/v1/organizations/${owner.organization}`;
  return { token: owner.token, path, cluster: id, user: owner.user };
}

/** The URL of the page that follows `pages` others. */
async function pageAfter(url, token, pages) {
  let cursor = '';
  for (let page = 0; page < pages; page++) {
    const { nextCursor } = await ask(`${url}${cursor}`, token);
    if (nextCursor === null) break;
    cursor = `&cursor=${nextCursor}`;
  }
  return `${url}${cursor}`;
}

function questions({ path, cluster, user }) {
  const list = `${path}/deployments?limit=50`;
  return {
    'queue, first page': [`${path}/clusters/${cluster}/queue?limit=50`, 0],
    'queue, page 50': [`${path}/clusters/${cluster}/queue?limit=100`, 50],
    'all, newest first': [list, 0],
    'one cluster, page 50': [`${path}/deployments?limit=100&clusterId=${cluster}`, 50],
    'status failed': [`${list}&status=failed`, 0],
    'status failed or cancelled, one cluster': [`${list}&status=failed,cancelled&clusterId=${cluster}`, 0],
    'submitted by me, oldest first': [`${list}&submittedBy=${user}&sort=oldest`, 0],
    'a label that few have': [`${list}&label=run=rare`, 0],
    'a label that all have': [`${list}&label=team=vision`, 0],
    'a beginning of names': [`${list}&namePrefix=train-1`, 0],
    'a minute of long ago': [`${list}&queuedBefore=2020-01-01T00:00:00Z`, 0],
  };
}

async function measure(url, token) {
  const times = [];
  for (let request = -10; request < REQUESTS; request++) {
    const began = performance.now();
    await ask(url, token);
    if (request >= 0) times.push(performance.now() - began);
  }
  return [0.5, 0.95].map((share) => quantile(times, share).toFixed(1));
}

await withApi('lists', async (port, client) => {
  process.stdout.write('| what | deployments | median ms | 95th percentile ms |\n| --- | --- | --- | --- |\n');
  for (const rows of SIZES) {
    const full = await aFullCluster(port, client, rows);
    for (const [what, [first, pages]] of Object.entries(questions(full))) {
      const [median, high] = await measure(await pageAfter(first, full.token, pages), full.token);
      process.stdout.write(`| ${what} | ${rows.toLocaleString('en')} | ${median} | ${high} |\n`);
    }
  }
});
