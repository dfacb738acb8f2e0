// How long the first page and a deep page of the queue and of lists take, through the API, beside 10,000 and 1,000,000 deployments. Prints rows
// of a markdown table: median and 95th percentile of so many requests, in milliseconds. Needs a built project, a PostgreSQL whose user may create
// databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL).
//
//   node bench/lists/bench.mjs [--rows 10000,1000000] [--requests 200]
import 'reflect-metadata';

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import pg from 'pg';

import { loadSettings } from '#config';
import { migrate } from '#database';
import { createHttpApp, createLogger } from '#http';

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000,1000000' }, requests: { type: 'string', default: '200' } },
});
const SIZES = values.rows.split(',').map(Number);
const REQUESTS = Number(values.requests);

const server = process.env.STOWAGE_TEST_DATABASE_URL;
const redis = process.env.STOWAGE_TEST_REDIS_URL;
if (server === undefined || redis === undefined) {
  process.stderr.write('STOWAGE_TEST_DATABASE_URL and STOWAGE_TEST_REDIS_URL name the servers to use\n');
  process.exit(2);
}

function settingsFor(url) {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return loadSettings({
    NODE_ENV: 'test',
    DATABASE_URL: url,
    REDIS_URL: redis,
    STOWAGE_QUEUE_PREFIX: `bench-${randomBytes(6).toString('hex')}`,
    STOWAGE_JWT_KEYS: JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: 'bench' }]),
    STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
    STOWAGE_LOG_LEVEL: 'fatal',
  });
}

/** Half wait, one in a thousand has failed, the rest has succeeded; every hundredth has a name and a rare label, all have a frequent one. */
const FILL = `
  insert into deployments (organization_id, id, cluster_id, name, is_named, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by,
                           queued_at, status, ended_at, released_at, labels)
  select $1, (lpad(to_hex((extract(epoch from now()) * 1000)::bigint - $4 + n), 12, '0') || '7' || substr(md5(n::text), 1, 19))::uuid, $2,
         case when n % 100 = 0 then 'train-' else 'app-' end || n, n % 100 = 0, 'app', 1000, 1, 0, n % 101, $3,
         now() - ($4 - n) * interval '1 ms', status, case when status <> 'queued' then now() end, case when status <> 'queued' then now() end,
         case when n % 1000 = 1 then '{"team": "vision", "run": "rare"}' else '{"team": "vision"}' end::jsonb
  from (select n, case when n % 2 = 0 then 'queued' when n % 1000 = 1 then 'failed' else 'succeeded' end as status
        from generate_series(1, $4::int) n) rows`;

async function ask(url, token, body) {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} was answered by ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Somebody with an organization, a cluster and so many deployments in it. */
async function aFullCluster(base, client, rows) {
  const username = `bench-${randomBytes(4).toString('hex')}`;
  const { accessToken, user } = await ask(`${base}/v1/auth/register`, undefined, {
    username,
    password: randomBytes(12).toString('hex'),
  });
  const organization = await ask(`${base}/v1/organizations`, accessToken, { name: 'Bench' });
  const path = `${base}/v1/organizations/${organization.id}`;
  const capacity = { cpu: 1000, memoryMib: 1000, gpu: 0 };
  const cluster = await ask(`${path}/clusters`, accessToken, { name: 'pool', capacity });
  await client.query(FILL, [organization.id, cluster.id, user.id, rows]);
  await client.query('vacuum analyze deployments');
  return { token: accessToken, path, cluster: cluster.id, user: user.id };
}

/** The address of the page that begins after so many pages. */
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
  times.sort((a, b) => a - b);
  return [0.5, 0.95].map((share) => times[Math.floor(share * (times.length - 1))].toFixed(1));
}

async function main() {
  const name = `stowage_bench_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).toString();
  await migrate({ url, poolMax: 2, applicationName: 'stowage-bench' });
  const { ApiModule } = await import(new URL('../../dist/apps/api/api.module.js', import.meta.url).href);
  const settings = settingsFor(url);
  const app = await createHttpApp(ApiModule.forRoot(settings), settings, { logger: createLogger(settings) });
  await app.listen(0, '127.0.0.1');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    process.stdout.write('| what | deployments | median ms | 95th percentile ms |\n| --- | --- | --- | --- |\n');
    for (const rows of SIZES) {
      const full = await aFullCluster(await app.getUrl(), client, rows);
      for (const [what, [first, pages]] of Object.entries(questions(full))) {
        const [median, high] = await measure(await pageAfter(first, full.token, pages), full.token);
        process.stdout.write(`| ${what} | ${rows.toLocaleString('en')} | ${median} | ${high} |\n`);
      }
    }
  } finally {
    await client.end();
    await app.close();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
}

await main();
