// What identity costs: sign-ins, refreshes and authenticated requests per second of one API process on this machine,
// with argon2 measured alone beside them. Needs a built project, a PostgreSQL whose user may create databases
// (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): the test runner's servers do.
//
//   node bench/auth/bench.mjs [--seconds 8] [--connections 16]
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { hash, verify } from '@node-rs/argon2';
import pg from 'pg';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '8' }, connections: { type: 'string', default: '16' } },
});
const SECONDS = Number(values.seconds);
const CONNECTIONS = Number(values.connections);
const USERS = 64;
const PASSWORD = 'plum wagon orbit 42';
const PROJECT = new URL('../../', import.meta.url);

const server = process.env.STOWAGE_TEST_DATABASE_URL;
const redis = process.env.STOWAGE_TEST_REDIS_URL;
if (server === undefined || redis === undefined) {
  process.stderr.write('STOWAGE_TEST_DATABASE_URL and STOWAGE_TEST_REDIS_URL name the servers to use\n');
  process.exit(2);
}

/** Requests of one address come from that address: limits are by address, and the load is that of many clients. */
const agents = Array.from({ length: 200 }, () => new Agent({ keepAlive: true, maxSockets: 4 }));
const addressOf = (n) => `127.0.1.${(n % agents.length) + 1}`;

function call(port, n, method, path, { body, token } = {}) {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers,
      localAddress: addressOf(n),
      agent: agents[n % agents.length],
    };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: text === '' ? {} : JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

/** Runs `work` on a number of connections for the given time. @returns per second, and latencies in milliseconds */
async function measure(work, connections = CONNECTIONS) {
  const times = [];
  const began = performance.now();
  const end = began + SECONDS * 1000;
  const run = async (connection) => {
    for (let i = 0; performance.now() < end; i++) {
      const start = performance.now();
      await work(connection, i);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, connection) => run(connection)));
  const elapsed = (performance.now() - began) / 1000;
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { perSecond: times.length / elapsed, median: at(0.5), p99: at(0.99) };
}

function show(what, { perSecond, median, p99 }) {
  const figures = [Math.round(perSecond).toLocaleString('en'), median.toFixed(2), p99.toFixed(2)];
  process.stdout.write(`| ${what} | ${figures.join(' | ')} |\n`);
}

function expectStatus(answer, status) {
  if (answer.status !== status) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function run(file, env) {
  const child = spawn(process.execPath, [new URL(file, PROJECT).pathname], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
}

async function startApi(env) {
  const port = await freePort();
  const program = new URL('dist/apps/api/main.js', PROJECT).pathname;
  const child = spawn(process.execPath, [program], {
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let i = 0; i < 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const answer = await call(port, 0, 'GET', '/health/live').catch(() => undefined);
    if (answer?.status === 200) return { port, child };
  }
  child.kill('SIGKILL');
  throw new Error('the API did not start');
}

async function measureArgon2() {
  const options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
  const stored = await hash(PASSWORD, options);
  const concurrency = Math.max(1, Math.floor(cpus().length / 2));
  show(`argon2id alone, ${concurrency} at once`, await measure(() => verify(stored, PASSWORD), concurrency));
  show(`argon2id alone, ${cpus().length} at once`, await measure(() => verify(stored, PASSWORD), cpus().length));
}

async function measureApi(port) {
  let registered = 0;
  const name = () => `bench-${randomBytes(6).toString('hex')}`;
  show(
    'registrations',
    await measure(async () => {
      const n = registered++;
      expectStatus(
        await call(port, n, 'POST', '/v1/auth/register', { body: { username: name(), password: PASSWORD } }),
        201,
      );
    }),
  );
  const users = [];
  for (let i = 0; i < USERS; i++) {
    users.push(
      expectStatus(
        await call(port, i, 'POST', '/v1/auth/register', { body: { username: name(), password: PASSWORD } }),
        201,
      ),
    );
  }
  let login = 0;
  show(
    'sign-ins',
    await measure(async () => {
      const n = login++;
      const { username } = users[n % USERS].user;
      expectStatus(await call(port, n, 'POST', '/v1/auth/login', { body: { username, password: PASSWORD } }), 200);
    }),
  );
  const tokens = users.map(({ refreshToken }) => refreshToken);
  let refresh = 0;
  show(
    'refreshes',
    await measure(async (connection) => {
      const body = { refreshToken: tokens[connection] };
      tokens[connection] = expectStatus(
        await call(port, refresh++, 'POST', '/v1/auth/refresh', { body }),
        200,
      ).refreshToken;
    }),
  );
  await measureRequests(port, users);
}

async function measureRequests(port, users) {
  const token = (n) => users[n % USERS].accessToken;
  const organization = expectStatus(
    await call(port, 0, 'POST', '/v1/organizations', { body: { name: 'Bench' }, token: token(0) }),
    201,
  );
  const made = [];
  for (let i = 0; i < 16; i++) {
    const body = { name: `key ${i}`, organizationId: organization.id, role: 'viewer' };
    made.push(expectStatus(await call(port, 0, 'POST', '/v1/me/tokens', { body, token: token(0) }), 201).token);
  }
  let n = 0;
  show(
    'GET /v1/me (session, and the account)',
    await measure(async () => expectStatus(await call(port, n, 'GET', '/v1/me', { token: token(n++) }), 200)),
  );
  const path = `/v1/organizations/${organization.id}`;
  show(
    'GET organization by API token',
    await measure(async () => expectStatus(await call(port, n, 'GET', path, { token: made[n++ % 16] }), 200)),
  );
  show(
    '401 for a forged token',
    await measure(async () => expectStatus(await call(port, n, 'GET', '/v1/me', { token: `${token(n++)}x` }), 401)),
  );
  show(
    'GET /health/live, the floor',
    await measure(async () => expectStatus(await call(port, n++, 'GET', '/health/live'), 200)),
  );
}

const database = `stowage_bench_auth_${randomBytes(4).toString('hex')}`;
const admin = new pg.Client({ connectionString: server });
await admin.connect();
await admin.query(`create database ${database}`);
const url = new URL(server);
url.pathname = `/${database}`;
const jwk = {
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid: 'bench',
};
const env = {
  PATH: process.env.PATH,
  DATABASE_URL: url.href,
  REDIS_URL: redis,
  STOWAGE_QUEUE_PREFIX: database,
  STOWAGE_JWT_KEYS: JSON.stringify([jwk]),
  STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
  STOWAGE_LOG_LEVEL: 'warn',
};
let api;
try {
  await run('dist/libs/database/migrate.js', env);
  process.stdout.write(
    `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}; ${SECONDS} s each, ${CONNECTIONS} connections\n\n`,
  );
  process.stdout.write('| what | per second | median ms | p99 ms |\n| --- | ---: | ---: | ---: |\n');
  await measureArgon2();
  api = await startApi(env);
  await measureApi(api.port);
} finally {
  if (api !== undefined) {
    api.child.kill('SIGTERM');
    await once(api.child, 'exit');
  }
  await admin.query(`drop database if exists ${database} with (force)`);
  await admin.end();
  for (const agent of agents) agent.destroy();
}
