// The whole way of many deployments through the API: submitted in batches, scheduled by real passes, reported in bulk, settled; all of it
// at once, by one API process and one worker. Prints how long that took, and checks that nothing is left allocated. Needs a built project,
// a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run bench:flow`
// brings its own.
//
//   node bench/flow/bench.mjs [--deployments 2000000] [--batch 10000] [--submitters 1] [--reporters 1] [--shapes 100]
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import pg from 'pg';

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '2000000' },
    batch: { type: 'string', default: '10000' },
    submitters: { type: 'string', default: '1' },
    reporters: { type: 'string', default: '1' },
    shapes: { type: 'string', default: '100' },
  },
});
const BATCH = Number(values.batch);
const BATCHES = Math.ceil(Number(values.deployments) / BATCH);
const [SUBMITTERS, REPORTERS, SHAPES] = [values.submitters, values.reporters, values.shapes].map(Number);
/** Batches that wait or run at once: a fleet that is busy, not a queue without end. */
const IN_FLIGHT = 10;
const PROJECT = new URL('../../', import.meta.url);
const POLL_MS = 50;

const server = process.env.STOWAGE_TEST_DATABASE_URL;
const redis = process.env.STOWAGE_TEST_REDIS_URL;
if (server === undefined || redis === undefined) {
  process.stderr.write('STOWAGE_TEST_DATABASE_URL and STOWAGE_TEST_REDIS_URL name the servers to use\n');
  process.exit(2);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function call(port, method, path, token, body) {
  const response = await fetch(`http://127.0.0.1:${port}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
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
  if (child === undefined || child.exitCode !== null) return;
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

/** What is submitted and reported, and how far that has come. */
class Flow {
  submitted = 0;
  ended = 0;
  queued = 0;
  /** Batches to be submitted yet. */
  left = BATCHES;
  /** The ids of batches that were submitted and not reported yet. */
  batches = [];
  requests = { submit: [], report: [] };

  constructor(call, clusterPath) {
    this.call = call;
    this.clusterPath = clusterPath;
    this.deployments = Array.from({ length: BATCH }, (_, index) => ({
      image: 'registry.example.com/app:1',
      resources: { cpu: 1, memoryMib: 256 + (index % SHAPES) },
    }));
  }

  get isOver() {
    return this.ended === BATCHES * BATCH;
  }

  async timed(kind, path, body) {
    const began = performance.now();
    const answer = await this.call('POST', `${this.clusterPath}/deployments/${path}`, body);
    this.requests[kind].push(performance.now() - began);
    return answer;
  }

  async submit() {
    while (this.left > 0) {
      this.left--;
      while (this.submitted - this.ended >= IN_FLIGHT * BATCH) await pause(POLL_MS);
      const { results } = await this.timed('submit', 'batch', { deployments: this.deployments });
      this.submitted += BATCH;
      this.batches.push(results.map(({ id }) => id));
    }
  }

  /** Reports a batch when no more waits than was submitted after it; what is not scheduled yet is refused, and reported again. */
  async report() {
    while (!this.isOver) {
      if (this.batches.length === 0 || this.queued > (this.batches.length - 1) * BATCH) {
        await pause(POLL_MS);
        continue;
      }
      let open = this.batches.shift();
      while (open.length > 0) {
        const reports = open.map((id) => ({ id, outcome: 'succeeded' }));
        const { results } = await this.timed('report', 'complete', { reports });
        const refused = results.flatMap(({ problem }, index) => (problem === undefined ? [] : [open[index]]));
        this.ended += open.length - refused.length;
        open = refused;
        if (open.length > 0) await pause(POLL_MS);
      }
    }
  }

  async look() {
    while (!this.isOver) {
      this.queued = (await this.call('GET', this.clusterPath)).queue.queued;
      await pause(POLL_MS);
    }
  }

  /** @returns seconds until all has ended */
  async run() {
    const began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    const timer = setInterval(() => {
      process.stderr.write(
        `[${seconds().toFixed(0).padStart(5)} s] submitted ${this.submitted}, ended ${this.ended}\n`,
      );
    }, 10_000);
    const many = (count, work) => Array.from({ length: count }, work);
    await Promise.all([...many(SUBMITTERS, () => this.submit()), ...many(REPORTERS, () => this.report()), this.look()]);
    clearInterval(timer);
    return seconds();
  }
}

/** Waits until the last of it has been settled, and refuses what does not add up. */
async function checkLedger(client, cluster) {
  const total = BATCHES * BATCH;
  for (let i = 0; i < 600; i++) {
    const { rows } = await client.query(
      `select allocated_cpu_millis::float8 as cpu, allocated_memory_mib::float8 as memory from clusters where id = $1`,
      [cluster],
    );
    if (rows[0].cpu === 0 && rows[0].memory === 0) {
      const [counts] = (
        await client.query(
          `select (select count(*)::int from deployments where cluster_id = $1 and status = 'succeeded' and released_at is not null) as ended,
                  (select count(*)::int from ledger_entries where cluster_id = $1 and kind = 'allocate') as allocated,
                  (select count(*)::int from ledger_entries where cluster_id = $1 and kind = 'release') as released`,
          [cluster],
        )
      ).rows;
      const wrong = Object.entries(counts).filter(([, count]) => count !== total);
      if (wrong.length > 0) throw new Error(`of ${total} deployments the ledger has ${JSON.stringify(counts)}`);
      return;
    }
    await pause(100);
  }
  throw new Error('resources did not come back');
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const whole = (number) => Math.round(number).toLocaleString('en');

async function measure(port, client) {
  const send = (token) => (method, path, body) => call(port, method, path, token, body);
  const account = await send('')('POST', '/auth/register', {
    username: `bench-${randomBytes(4).toString('hex')}`,
    password: 'plum wagon orbit 42',
  });
  const { accessToken } = account;
  const { id: organization } = await send(accessToken)('POST', '/organizations', { name: 'Bench' });
  // An access token lives for minutes, an API token as long as it has to.
  const { token } = await send(accessToken)('POST', '/me/tokens', {
    name: 'bench',
    organizationId: organization,
    role: 'developer',
    expiresInSeconds: 86_400,
  });
  const { id: cluster } = await send(accessToken)('POST', `/organizations/${organization}/clusters`, {
    name: 'bench',
    capacity: { cpu: 100_000_000, memoryMib: 1_000_000_000_000 },
  });
  const flow = new Flow(send(token), `/organizations/${organization}/clusters/${cluster}`);
  const seconds = await flow.run();
  const settling = performance.now();
  await checkLedger(client, cluster);
  const total = BATCHES * BATCH;
  const { submit, report } = flow.requests;
  process.stdout.write(
    [
      `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
      '',
      '| what | figure |',
      '| --- | ---: |',
      `| deployments submitted, scheduled, reported and settled | ${whole(total)} |`,
      `| minutes from the first submission to the last report | ${(seconds / 60).toFixed(1)} |`,
      `| deployments per second, all the way | ${whole(total / seconds)} |`,
      `| a batch of ${whole(BATCH)} submitted, median ms | ${whole(median(submit))} |`,
      `| a batch of ${whole(BATCH)} reported, median ms | ${whole(median(report))} |`,
      `| until the last is settled and all is counted, s | ${((performance.now() - settling) / 1000).toFixed(1)} |`,
      '',
    ].join('\n'),
  );
}

const database = `stowage_bench_flow_${randomBytes(4).toString('hex')}`;
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
  const migration = run('dist/libs/database/migrate.js', env);
  const [code] = await once(migration, 'exit');
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
  await client.connect();
  programs.push(run('dist/apps/api/main.js', env), run('dist/apps/worker/main.js', env));
  await untilReady(port);
  await measure(port, client);
} finally {
  await Promise.all(programs.map(stop));
  await client.end();
  await admin.query(`drop database if exists ${database} with (force)`);
  await admin.end();
}
