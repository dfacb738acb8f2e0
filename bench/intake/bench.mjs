// Submissions per second of one API process, in turn with a bare Fastify and pg that run the same statements and token check; and
// deployments per second in batches (a body, and lines), in turn with a bare insert into the same tables. Prints rows of a
// markdown table. Needs a built project, a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis
// (STOWAGE_TEST_REDIS_URL): `npm run bench:intake` brings its own.
//
//   node bench/intake/bench.mjs [--seconds 5] [--rounds 5] [--connections 16] [--batch 10000]
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import pg from 'pg';
import { v7 } from 'uuid';

import { INSERT, SIGNAL } from './statements.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    batch: { type: 'string', default: '10000' },
  },
});
const [SECONDS, ROUNDS, CONNECTIONS, BATCH] = [values.seconds, values.rounds, values.connections, values.batch].map(
  Number,
);
const PROJECT = new URL('../../', import.meta.url);
const DEPLOYMENT = { image: 'registry.example.com/app:1', resources: { cpu: 1, memoryMib: 256 } };

const server = process.env.STOWAGE_TEST_DATABASE_URL;
const redis = process.env.STOWAGE_TEST_REDIS_URL;
if (server === undefined || redis === undefined) {
  process.stderr.write('STOWAGE_TEST_DATABASE_URL and STOWAGE_TEST_REDIS_URL name the servers to use\n');
  process.exit(2);
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function post(port, path, body, { token, type = 'application/json' } = {}) {
  const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const headers = { 'content-type': type, 'content-length': payload.length };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method: 'POST', path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () =>
        response.statusCode < 300 ? resolve(text) : reject(new Error(`${path}: ${response.statusCode} ${text}`)),
      );
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts a program of the project, and waits until something answers on its port. */
async function start(file, env) {
  const port = await freePort();
  const child = spawn(process.execPath, [new URL(file, PROJECT).pathname], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let i = 0; i < 200; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answered = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answered !== undefined) return { port, child };
  }
  child.kill('SIGKILL');
  throw new Error(`${file} did not start`);
}

async function stop(program) {
  if (program === undefined) return;
  program.child.kill('SIGKILL');
  await once(program.child, 'exit');
}

/** Submits on all connections for the given time. @returns submissions per second */
async function single(port, path, token) {
  let count = 0;
  const began = performance.now();
  const end = began + SECONDS * 1000;
  const run = async () => {
    for (; performance.now() < end; count++) await post(port, path, DEPLOYMENT, { token });
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, run));
  return (count * 1000) / (performance.now() - began);
}

/** @returns deployments per second, over several batches one after the other */
async function batches(send) {
  const began = performance.now();
  for (let i = 0; i < 3; i++) await send();
  return (3 * BATCH * 1000) / (performance.now() - began);
}

async function bareBatch(client, { organization, cluster, user }) {
  const all = (value) => Array.from({ length: BATCH }, () => value);
  await client.query('begin');
  const ids = Array.from({ length: BATCH }, () => v7());
  const names = ids.map((id) => `app~${id.slice(-12)}`);
  await client.query(INSERT.replace('select d.* from d', 'select d.id from d'), [
    ids,
    names,
    all(DEPLOYMENT.image),
    all(1000),
    all(256),
    all(0),
    organization,
    cluster,
    user,
  ]);
  await client.query(SIGNAL, [organization, cluster, [1000], [256], [0]]);
  await client.query('commit');
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Runs both in turn, the first round not counted, and prints a row: ours, bare, and the median of the shares. */
async function pair(what, ours, bare) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [one, other] = [await ours(), await bare()];
    if (round > 0) rounds.push({ one, other, share: one / other });
    process.stderr.write(`${what}, round ${round}: ${Math.round(one)} and ${Math.round(other)} bare\n`);
  }
  const of = (name) => median(rounds.map((round) => round[name]));
  const figures = [of('one'), of('other')].map((figure) => Math.round(figure).toLocaleString('en'));
  process.stdout.write(`| ${what} | ${figures.join(' | ')} | ${(100 * of('share')).toFixed(0)}% |\n`);
}

async function measure(api, bare, client) {
  const account = JSON.parse(
    await post(api.port, '/v1/auth/register', {
      username: `bench-${randomBytes(4).toString('hex')}`,
      password: 'plum wagon orbit 42',
    }),
  );
  const token = account.accessToken;
  const { id: organization } = JSON.parse(await post(api.port, '/v1/organizations', { name: 'Bench' }, { token }));
  const cluster = JSON.parse(
    await post(
      api.port,
      `/v1/organizations/${organization}/clusters`,
      { name: 'bench', capacity: { cpu: 1_000_000, memoryMib: 1_000_000_000 } },
      { token },
    ),
  ).id;
  const path = `/organizations/${organization}/clusters/${cluster}/deployments`;
  process.stdout.write('| what | per second | bare | share |\n| --- | ---: | ---: | ---: |\n');
  await pair(
    `single submissions, ${CONNECTIONS} connections`,
    () => single(api.port, `/v1${path}`, token),
    () => single(bare.port, path, token),
  );
  const insert = () => batches(() => bareBatch(client, { organization, cluster, user: account.user.id }));
  const body = JSON.stringify({ deployments: Array.from({ length: BATCH }, () => DEPLOYMENT) });
  await pair(`batches of ${BATCH}`, () => batches(() => post(api.port, `/v1${path}/batch`, body, { token })), insert);
  const lines = `${JSON.stringify(DEPLOYMENT)}\n`.repeat(BATCH);
  const type = 'application/x-ndjson';
  await pair(`${BATCH} lines`, () => batches(() => post(api.port, `/v1${path}/batch`, lines, { token, type })), insert);
}

const database = `stowage_bench_intake_${randomBytes(4).toString('hex')}`;
const admin = new pg.Client({ connectionString: server });
await admin.connect();
await admin.query(`create database ${database}`);
const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const env = {
  PATH: process.env.PATH,
  DATABASE_URL: url,
  REDIS_URL: redis,
  STOWAGE_QUEUE_PREFIX: database,
  STOWAGE_JWT_KEYS: JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: 'bench' }]),
  STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
  STOWAGE_LOG_LEVEL: 'warn',
  STOWAGE_LIMIT_QUEUED: '100000000',
  STOWAGE_RATE_REQUESTS_PER_SECOND: '100000',
};
const client = new pg.Client({ connectionString: url });
let api;
let bare;
try {
  const migration = spawn(process.execPath, [new URL('dist/libs/database/migrate.js', PROJECT).pathname], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(migration, 'exit');
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
  await client.connect();
  api = await start('dist/apps/api/main.js', env);
  bare = await start('bench/intake/bare.mjs', env);
  process.stdout.write(`${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}\n\n`);
  await measure(api, bare, client);
} finally {
  await Promise.all([stop(api), stop(bare)]);
  await client.end();
  await admin.query(`drop database if exists ${database} with (force)`);
  await admin.end();
  agent.destroy();
}
