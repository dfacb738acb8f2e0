// A service of its own for one benchmark: an empty database, and the project's programs as processes beside it.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { cpus } from 'node:os';

import pg from 'pg';

const PROJECT = new URL('../../', import.meta.url);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The machine, as it stands above figures. */
export const machine = () => `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;

/** The smallest number that is not exceeded by `share` of them. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** One request; what is no success is an error. */
export async function call(port, method, path, token, body) {
  const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function run(file, env) {
  return spawn(process.execPath, [new URL(file, PROJECT).pathname], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function stop(child) {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function untilReady(port) {
  for (let i = 0; i < 300; i++) {
    await pause(100);
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error('the API did not become ready');
}

/**
 * Runs an API process and a worker on a new database of STOWAGE_TEST_DATABASE_URL and the Redis of STOWAGE_TEST_REDIS_URL, and stops and
 * drops them in the end.
 *
 * @param work gets the API's port and a connected client of the database
 */
export async function withService(name, work) {
  const { STOWAGE_TEST_DATABASE_URL: server, STOWAGE_TEST_REDIS_URL: redis } = process.env;
  if (server === undefined || redis === undefined) {
    process.stderr.write('STOWAGE_TEST_DATABASE_URL and STOWAGE_TEST_REDIS_URL name the servers to use\n');
    process.exit(2);
  }
  const database = `stowage_bench_${name}_${randomBytes(4).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server });
  await admin.connect();
  await admin.query(`create database ${database}`);
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    PORT: String(port),
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
  const programs = [];
  try {
    const [code] = await once(run('dist/libs/database/migrate.js', env), 'exit');
    if (code !== 0) throw new Error(`the migration ended with ${code}`);
    await client.connect();
    programs.push(run('dist/apps/api/main.js', env), run('dist/apps/worker/main.js', env));
    await untilReady(port);
    await work(port, client);
  } finally {
    await Promise.all(programs.map(stop));
    await client.end();
    await admin.query(`drop database if exists ${database} with (force)`);
    await admin.end();
  }
}

/** Somebody with an organization, and a token of it that outlives every benchmark. */
export async function anOwner(port) {
  const { accessToken, user } = await call(port, 'POST', '/auth/register', undefined, {
    username: `bench-${randomBytes(4).toString('hex')}`,
    password: randomBytes(12).toString('hex'),
  });
  const { id } = await call(port, 'POST', '/organizations', accessToken, { name: 'Bench' });
  const order = { name: 'bench', organizationId: id, role: 'admin', expiresInSeconds: 86_400 };
  const { token } = await call(port, 'POST', '/me/tokens', accessToken, order);
  return { token, organization: id, user: user.id };
}

/** A cluster of an owner's organization. @returns its id and path */
export async function aCluster(port, { token, organization }, order) {
  const path = `/organizations/${organization}/clusters`;
  const { id } = await call(port, 'POST', path, token, order);
  return { id, path: `${path}/${id}` };
}
