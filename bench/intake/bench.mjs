// Submissions per second of one API process, in turn with a bare Fastify and pg that run the same statements and token check;
// deployments per second in batches (a body, and lines), in turn with a bare insert into the same tables; and reports per second in
// bulk, in turn with bare SQL of the same statements. Prints rows of a markdown table, each with its share of bare. Needs a built project,
// a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run bench:intake`
// brings its own.
//
//   node bench/intake/bench.mjs [--seconds 5] [--rounds 5] [--connections 16] [--batch 10000]
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';

import { v7 } from 'uuid';

import { freePort, machine, median, pause, run, withDatabase } from '../lib/database.mjs';
import { aCluster, anOwner } from '../lib/service.mjs';
import { END, FIND, INSERT, PREFER_INDEXES, SCHEDULED, SIGNAL, SIGNAL_END } from './statements.mjs';

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
const DEPLOYMENT = { image: 'registry.example.com/app:1', resources: { cpu: 1, memoryMib: 256 } };

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

/** Starts a program of the project, and waits until something answers on its port. */
async function start(file, env) {
  const port = await freePort();
  const child = run(file, { ...env, PORT: String(port) });
  for (let i = 0; i < 200; i++) {
    await pause(100);
    const answered = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answered !== undefined) return { port, child };
  }
  child.kill('SIGKILL');
  throw new Error(`${file} did not start`);
}

async function end(program) {
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

/** The ids of a batch of scheduled deployments. No worker runs: nothing compares them with the ledger. */
async function scheduled(client, { organization, cluster, user }) {
  const { rows } = await client.query(SCHEDULED, [organization, cluster, user, BATCH]);
  return rows.map(({ id }) => id);
}

/** @returns reports per second, over several batches one after the other; what they report on is made beforehand */
async function reports(client, where, send) {
  const prepared = [];
  for (let i = 0; i < 3; i++) prepared.push(await scheduled(client, where));
  await client.query('analyze deployments');
  const began = performance.now();
  for (const ids of prepared) await send(ids);
  const perSecond = (3 * BATCH * 1000) / (performance.now() - began);
  const { rows } = await client.query(
    `select count(*)::int as count from deployments where cluster_id = $1 and status = 'scheduled'`,
    [where.cluster],
  );
  if (rows[0].count !== 0) throw new Error(`${rows[0].count} deployments were not ended`);
  return perSecond;
}

async function bareReports(client, { organization, cluster, user }, ids) {
  const all = (value) => ids.map(() => value);
  await client.query('begin');
  await client.query(PREFER_INDEXES);
  await client.query(FIND, [organization, ids]);
  await client.query(END, [organization, ids, all('scheduled'), all('succeeded'), all(null), user]);
  await client.query(SIGNAL_END, [organization, cluster]);
  await client.query('commit');
}

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
  const owner = await anOwner(api.port);
  const { accessToken: token, organization } = owner;
  const order = { name: 'bench', capacity: { cpu: 1_000_000, memoryMib: 1_000_000_000 } };
  const { id: cluster } = await aCluster(owner, api.port, order);
  const where = { organization, cluster, user: owner.user };
  const path = `/organizations/${organization}/clusters/${cluster}/deployments`;
  process.stdout.write('| what | per second | bare | share |\n| --- | ---: | ---: | ---: |\n');
  await pair(
    `single submissions, ${CONNECTIONS} connections`,
    () => single(api.port, `/v1${path}`, token),
    () => single(bare.port, path, token),
  );
  const insert = () => batches(() => bareBatch(client, where));
  const body = JSON.stringify({ deployments: Array.from({ length: BATCH }, () => DEPLOYMENT) });
  await pair(`batches of ${BATCH}`, () => batches(() => post(api.port, `/v1${path}/batch`, body, { token })), insert);
  const lines = `${JSON.stringify(DEPLOYMENT)}\n`.repeat(BATCH);
  const type = 'application/x-ndjson';
  await pair(`${BATCH} lines`, () => batches(() => post(api.port, `/v1${path}/lines`, lines, { token, type })), insert);
  const report = (ids) =>
    post(
      api.port,
      `/v1${path}/complete`,
      JSON.stringify({ reports: ids.map((id) => ({ id, outcome: 'succeeded' })) }),
      { token },
    );
  await pair(
    `${BATCH} reports`,
    () => reports(client, where, report),
    () => reports(client, where, (ids) => bareReports(client, where, ids)),
  );
}

await withDatabase('intake', async (env, client) => {
  const programs = [];
  try {
    for (const file of ['dist/apps/api/main.js', 'bench/intake/bare.mjs']) programs.push(await start(file, env));
    const [api, bare] = programs;
    process.stdout.write(`${machine()}\n\n`);
    await measure(api, bare, client);
  } finally {
    await Promise.all(programs.map(end));
    agent.destroy();
  }
});
