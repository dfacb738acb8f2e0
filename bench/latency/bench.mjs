// Latency of the scheduler, by the database's clock: from a submission to its start on a free cluster, from an end to the
// next start with thousands waiting; and the time of a pass that makes the same placements with a hundred times as many
// waiting. One API process and one worker. Prints rows of a markdown table. Needs a built project, a PostgreSQL whose user may create databases
// (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run bench:latency` brings its own.
//
//   node bench/latency/bench.mjs [--samples 500] [--waiting 10000] [--many 1000000] [--passes 30]
import { parseArgs } from 'node:util';

import { machine, pause, quantile } from '../lib/database.mjs';
import { aCluster, anOwner, withService } from '../lib/service.mjs';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '500' },
    waiting: { type: 'string', default: '10000' },
    many: { type: 'string', default: '1000000' },
    passes: { type: 'string', default: '30' },
  },
});
const [SAMPLES, WAITING, MANY, PASSES] = [values.samples, values.waiting, values.many, values.passes].map(Number);
const SHAPES = 100;
/** Placements of a pass whose time is compared. */
const PLACED = 500;
/** Between two samples: a busy day, not a burst. */
const PACE_MS = 40;

/** A deployment of one of the shapes; the smallest of all is one CPU. */
const deployment = (index) => ({ image: 'app:1', resources: { cpu: 1, memoryMib: 256 + (index % SHAPES) } });

/** Inserts queued deployments as submissions do, with their signal. */
const FILL = `
  with waiting as (
    insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by, queued_at)
    select $1, gen_random_uuid(), $2, 'app', 'app', 1000, 256 + n % $4::int, 0, 50, $3, now() + n * interval '1 microsecond'
    from generate_series(1, $5::int) n
    returning *
  )
  insert into cluster_signals (organization_id, cluster_id, reason, priority, cpu_millis, memory_mib, gpu_millis, change)
  select organization_id, cluster_id, 'submitted', priority, cpu_millis, memory_mib, gpu_millis, count(*)
  from waiting group by 1, 2, 4, 5, 6, 7`;

async function fill(client, owner, cluster, count) {
  await client.query(FILL, [owner.organization, cluster.id, owner.user, SHAPES, count]);
  await client.query('vacuum analyze deployments');
}

/** The ids that a query finds, once it finds `count`. */
async function idsOf(client, query, cluster, count) {
  for (let i = 0; i < 6000; i++) {
    const { rows } = await client.query(query, [cluster.id, count]);
    if (rows.length === count) return rows.map(({ id }) => id);
    await pause(10);
  }
  throw new Error(`there are not ${count} rows of: ${query}`);
}

const SCHEDULED = `select id from deployments where cluster_id = $1 and status = 'scheduled' limit $2`;

/** From the submission to the start, one after the other, with room for all. @returns milliseconds */
async function startsOnFree(port, client, owner) {
  const cluster = await aCluster(owner, port, { name: 'free', capacity: { cpu: 1_000_000, memoryMib: 1_000_000_000 } });
  for (let sample = 0; sample < SAMPLES; sample++) {
    await owner.api.submitDeployment({ path: cluster.path, body: deployment(sample) });
    await pause(PACE_MS);
  }
  await idsOf(client, SCHEDULED, cluster, SAMPLES);
  const { rows } = await client.query(
    `select extract(epoch from scheduled_at - queued_at)::float8 * 1000 as ms from deployments where cluster_id = $1`,
    [cluster.id],
  );
  return rows.map(({ ms }) => ms);
}

/** From an end to the next start, one after the other, on a full cluster with a queue. @returns milliseconds */
async function startsAfterEnds(port, client, owner) {
  const capacity = { cpu: SHAPES, memoryMib: 1_000_000_000 };
  const cluster = await aCluster(owner, port, { name: 'full', capacity });
  await fill(client, owner, cluster, WAITING + SAMPLES + SHAPES);
  await idsOf(client, SCHEDULED, cluster, SHAPES);
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [id] = await idsOf(client, SCHEDULED, cluster, 1);
    const path = { organizationId: owner.organization, deploymentId: id };
    await owner.api.completeDeployment({ path, body: { outcome: 'succeeded' } });
    await pause(PACE_MS);
  }
  await idsOf(client, SCHEDULED, cluster, SHAPES);
  // One ends at a time, so that each end has a start of its own: the next one.
  const { rows } = await client.query(
    `select extract(epoch from (
       select min(next.scheduled_at) from deployments next
       where next.cluster_id = $1 and next.scheduled_at >= ended.ended_at
     ) - ended.ended_at)::float8 * 1000 as ms
     from deployments ended where ended.cluster_id = $1 and ended.ended_at is not null`,
    [cluster.id],
  );
  return rows.map(({ ms }) => ms);
}

/** Durations of passes that place `PLACED` of `waiting`. @returns milliseconds */
async function passes(port, client, owner, waiting) {
  const capacity = { cpu: PLACED, memoryMib: 1_000_000_000 };
  const cluster = await aCluster(owner, port, { name: `waiting-${waiting}`, capacity });
  // The last pass still finds as many waiting.
  await fill(client, owner, cluster, waiting + (PASSES + 1) * PLACED);
  for (let pass = 0; pass < PASSES; pass++) {
    const ids = await idsOf(client, SCHEDULED, cluster, PLACED);
    const reports = ids.map((id) => ({ id, outcome: 'succeeded' }));
    await owner.api.completeDeployments({ path: cluster.path, body: { reports } });
  }
  await idsOf(client, SCHEDULED, cluster, PLACED);
  const { rows } = await client.query(
    `select extract(epoch from finished_at - started_at)::float8 * 1000 as ms from passes where cluster_id = $1 and placed = $2`,
    [cluster.id, PLACED],
  );
  return rows.map(({ ms }) => ms);
}

function row(what, times) {
  const figures = [0.5, 0.95, 0.99].map((share) => quantile(times, share).toFixed(1));
  process.stdout.write(`| ${what} | ${times.length} | ${figures.join(' | ')} |\n`);
}

await withService('latency', async (port, client) => {
  const owner = await anOwner(port);
  process.stdout.write(
    `${machine()}\n\n| what | times | median ms | 95th percentile | 99th |\n| --- | ---: | ---: | ---: | ---: |\n`,
  );
  row('submission to start, free cluster', await startsOnFree(port, client, owner));
  row(`end to next start, ${WAITING.toLocaleString('en')} waiting`, await startsAfterEnds(port, client, owner));
  const medians = [];
  for (const waiting of [WAITING, MANY]) {
    const times = await passes(port, client, owner, waiting);
    row(`a pass that places ${PLACED}, ${waiting.toLocaleString('en')} waiting`, times);
    medians.push(quantile(times, 0.5));
  }
  process.stdout.write(
    `\nWith ${MANY / WAITING} times as many waiting a pass takes ${(medians[1] / medians[0]).toFixed(2)} times as long.\n`,
  );
});
