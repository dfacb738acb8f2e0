// Deployments per second through the whole of their lives (submitted, seen in the events as scheduled, reported) with the SDK for Python and
// that for TypeScript, in turn, each in a process of its own beside the same API and worker. Prints rows of a markdown table. Needs a built
// project, a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run bench:sdk`
// brings its own.
//
//   node bench/sdk/bench.mjs [--count 1000] [--rounds 5] [--connections 16]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { buildWheel, ensurePython } from '../../scripts/lib/python.mjs';
import { machine, median } from '../lib/database.mjs';
import { aCluster, anOwner, withService } from '../lib/service.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
  },
});
const ROUNDS = Number(values.rounds);
const MODES = {
  singly: `${values.count}, one request each, ${values.connections} at a time`,
  batches: `${values.count} in one batch, reports by the hundred`,
};

/** Runs a program that prints its seconds. @returns deployments per second */
async function rateOf(command, args, env) {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return Number(values.count) / Number(output);
}

/** Runs both in turn, the first round not counted, and prints a row: Python, TypeScript, and the median of the shares. */
async function compare(mode, what, run, python, wheel) {
  const rounds = [];
  const client = (name) => new URL(`client.${name}`, import.meta.url).pathname;
  for (let round = 0; round <= ROUNDS; round++) {
    const ours = await run(mode, python, [client('py')], { PYTHONPATH: wheel });
    const other = await run(mode, process.execPath, [client('mjs')], {});
    if (round > 0) rounds.push({ ours, other, share: ours / other });
    process.stderr.write(`${what}, round ${round}: ${ours.toFixed(0)} and ${other.toFixed(0)} by TypeScript\n`);
  }
  const of = (name) => median(rounds.map((round) => round[name]));
  process.stdout.write(
    `| ${what} | ${of('ours').toFixed(0)} | ${of('other').toFixed(0)} | ${(100 * of('share')).toFixed(0)}% |\n`,
  );
}

const python = await ensurePython(['httpx', 'hatchling']);
const wheel = await buildWheel(python);
await withService('sdk', async (port) => {
  const owner = await anOwner(port);
  let clusters = 0;
  /** Gives each run a cluster of its own, in which everything fits. */
  const run = async (mode, command, args, env) => {
    const amount = Number(values.count);
    const order = { name: `run-${clusters++}`, capacity: { cpu: amount, memoryMib: amount * 256 } };
    const { id } = await aCluster(owner, port, order);
    return rateOf(command, args, {
      PATH: process.env.PATH,
      STOWAGE_URL: `http://127.0.0.1:${port}`,
      STOWAGE_TOKEN: owner.token,
      ORGANIZATION: owner.organization,
      CLUSTER: id,
      COUNT: values.count,
      CONNECTIONS: values.connections,
      MODE: mode,
      ...env,
    });
  };
  process.stdout.write(
    `${machine()}\n\n| what | Python, per second | TypeScript | share |\n| --- | ---: | ---: | ---: |\n`,
  );
  for (const [mode, what] of Object.entries(MODES)) await compare(mode, what, run, python, wheel);
});
