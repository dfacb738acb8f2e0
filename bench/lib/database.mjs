// What every benchmark needs of a machine: an empty database with the present schema, the environment of programs that use it, and HTTP
// requests.
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { cpus } from 'node:os';

import pg from 'pg';

const PROJECT = new URL('../../', import.meta.url);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The machine, as it is printed above figures. */
export const machine = () => `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;

/** The smallest number that is not exceeded by `share` of them. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const median = (numbers) => quantile(numbers, 0.5);

/** One request whose time is measured, without the SDK's own: POST where there is a body. @throws Error for any other status than 2xx */
export async function ask(url, token, body) {
  const method = body === undefined ? 'GET' : 'POST';
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

/** A port that is free at this moment. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts a program of the project. */
export function run(file, env) {
  return spawn(process.execPath, [new URL(file, PROJECT).pathname], { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Asks a program to stop, and waits until it has. */
export async function stop(child) {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Limits that no benchmark of throughput is to meet. */
const WIDE_LIMITS = { STOWAGE_LIMIT_QUEUED: '100000000', STOWAGE_RATE_REQUESTS_PER_SECOND: '100000' };

/**
 * Makes a database on STOWAGE_TEST_DATABASE_URL, beside the Redis of STOWAGE_TEST_REDIS_URL, and drops it in the end.
 *
 * @param work gets the environment of programs that use them, and a connected client
 * @param settings of these programs, beside those that name the servers
 */
export async function withDatabase(name, work, settings = WIDE_LIMITS) {
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
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: url,
    REDIS_URL: redis,
    STOWAGE_QUEUE_PREFIX: database,
    STOWAGE_JWT_KEYS: JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: 'bench' }]),
    STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
    STOWAGE_LOG_LEVEL: 'warn',
    ...settings,
  };
  const client = new pg.Client({ connectionString: url });
  try {
    const [code] = await once(run('dist/libs/database/migrate.js', env), 'exit');
    if (code !== 0) throw new Error(`the migration ended with ${code}`);
    await client.connect();
    await work(env, client);
  } finally {
    await client.end();
    await admin.query(`drop database if exists ${database} with (force)`);
    await admin.end();
  }
}
