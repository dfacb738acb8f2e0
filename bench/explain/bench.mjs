// How long answers to "why is it waiting?" and "what if?" take, through the API, beside a long queue of many shapes and a full cluster. Prints
// rows of a markdown table: median and 95th percentile, in milliseconds. Needs a built project, a PostgreSQL whose user may create databases
// (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL).
//
//   node bench/explain/bench.mjs [--waiting 10000] [--shapes 500] [--requests 50]
import { parseArgs } from 'node:util';

import { Test } from '@nestjs/testing';

import { settingsOf, withApi } from '../lib/api.mjs';
import { ask, pause, quantile } from '../lib/database.mjs';
import { aCluster, anOwner } from '../lib/service.mjs';

const { values } = parseArgs({
  options: {
    waiting: { type: 'string', default: '10000' },
    shapes: { type: 'string', default: '500' },
    requests: { type: 'string', default: '50' },
  },
});
const [WAITING, SHAPES, REQUESTS] = [values.waiting, values.shapes, values.requests].map(Number);

/** Shapes that differ in what they ask for; three priorities, every second with a declared runtime. */
function shape(index) {
  return {
    image: 'app',
    priority: [40, 50, 60][index % 3],
    resources: {
      cpu: 1 + (index % 29),
      memoryMib: 512 * (1 + (index % 37)),
      gpu: index % 5 === 0 ? 1 + (index % 4) : 0,
    },
    ...(index % 2 === 0 ? { maxRuntimeSeconds: 600 + 60 * (index % 11) } : {}),
  };
}

/** Lets what a pass would have started run: so much that little is left. */
const FILL = `
  with chosen as (
    select organization_id, id from deployments where cluster_id = $1 order by id limit $2
  )
  update deployments d set status = 'running', scheduled_at = now(), started_at = now(),
    due_at = now() + nullif(max_runtime_seconds, 0) * interval '1 second'
  from chosen where d.organization_id = chosen.organization_id and d.id = chosen.id
  returning d.priority, d.cpu_millis, d.memory_mib, d.gpu_millis, d.max_runtime_seconds`;

/** A cluster in which nothing more fits, with a queue. No worker runs: the questions are about what the next pass would see. */
async function aFullCluster(port, client) {
  const owner = await anOwner(port);
  const { token, organization } = owner;
  const capacity = { cpu: 3000, memoryMib: 2_000_000, gpu: 80 };
  const cluster = await aCluster(owner, port, { name: 'pool', capacity });
  const path = `http://127.0.0.1:${port}/v1/organizations/${organization}`;
  const pool = `${path}/clusters/${cluster.id}`;
  const running = 200;
  for (let from = 0; from < WAITING + running; from += 5_000) {
    const count = Math.min(5_000, WAITING + running - from);
    const deployments = Array.from({ length: count }, (_, index) => shape((from + index) % SHAPES));
    await ask(`${pool}/deployments/batch`, token, { deployments });
  }
  await client.query(FILL, [cluster.id, running]);
  await client.query(`
    insert into cluster_signals (organization_id, cluster_id, reason, priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, change)
    select organization_id, cluster_id, 'submitted', priority, cpu_millis, memory_mib, gpu_millis, max_runtime_seconds, -count(*)
    from deployments where status = 'running' group by 1, 2, 3, 4, 5, 6, 7, 8`);
  await client.query('vacuum analyze');
  const { rows } = await client.query(
    `select id from deployments where status = 'queued' order by md5(id::text) limit 100`,
  );
  return { token, path, pool, ids: rows.map(({ id }) => id) };
}

async function measure(name, send) {
  const times = [];
  for (let request = -5; request < REQUESTS; request++) {
    const began = performance.now();
    await send(Math.abs(request));
    if (request >= 0) times.push(performance.now() - began);
  }
  print(name, times);
}

function print(name, times) {
  const [half, most] = [0.5, 0.95].map((share) => quantile(times, share).toFixed(0));
  process.stdout.write(`| ${name} | ${half} | ${most} |\n`);
}

/** Passes, and how long after each of them its blockers are there to be read. */
async function measurePasses(env, pool, token) {
  const { WorkerModule } = await import(new URL('../../dist/apps/worker/worker.module.js', import.meta.url).href);
  const { PassService } = await import('#scheduler/processor');
  // Compiled, and not started: a pass happens when it is asked for.
  const worker = await Test.createTestingModule({ imports: [WorkerModule.forRoot(settingsOf(env))] }).compile();
  const passes = worker.get(PassService, { strict: false });
  const clusterId = pool.split('/').at(-1);
  const [lasted, followed] = [[], []];
  for (let count = -3; count < Math.min(REQUESTS, 20); count++) {
    await ask(`${pool}/deployments`, token, shape(1));
    const began = performance.now();
    await passes.run(clusterId);
    const ended = performance.now();
    for (let isThere = false; !isThere; await pause(2))
      isThere = (await ask(`${pool}/blockers?limit=1`, token)).current;
    if (count < 0) continue;
    lasted.push(ended - began);
    followed.push(performance.now() - ended);
    // The rest that is taken after a survey: what the next one costs is to be seen, and not how long it waited for that.
    await pause(500);
  }
  await worker.close();
  print('a pass that finds one more', lasted);
  print('blockers of the whole queue, after the pass', followed);
}

await withApi('explain', async (port, client, env) => {
  const { token, path, pool, ids } = await aFullCluster(port, client);
  const one = (index) => `${path}/deployments/${ids[index % ids.length]}/explanation`;
  process.stdout.write(`${WAITING} waiting in ${SHAPES} shapes, ${REQUESTS} requests each\n\n`);
  process.stdout.write('| question | median ms | 95th percentile ms |\n| --- | --- | --- |\n');
  await measure('blockers and sentence', (index) => ask(`${one(index)}?unlocks=false&eta=none`, token));
  await measure('with unlocks', (index) => ask(`${one(index)}?eta=none`, token));
  await measure('with unlocks and a quick forecast', (index) => ask(one(index), token));
  await measure('what if: 4 more deployments', () =>
    ask(`${pool}/plan`, token, { deployments: [{ resources: { cpu: 4, memoryMib: 4096, gpu: 1 }, count: 4 }] }),
  );
  await measure('what if: a third more capacity', () => ask(`${pool}/plan`, token, { capacity: { cpu: 4000 } }));
  await measure('forecast of the first 100', () => ask(`${pool}/forecast`, token));
  await measurePasses(env, pool, token);
});
