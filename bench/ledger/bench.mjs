// Ledger entries per second through real passes, against bare SQL that writes the same rows (status, event, entry, sum)
// in transactions of the same size, in turn in the same run. Prints a row of a markdown table. Needs a built project,
// a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL).
//
//   node bench/ledger/bench.mjs [--deployments 20000] [--rounds 5]
import 'reflect-metadata';

import { parseArgs } from 'node:util';

import { NestFactory } from '@nestjs/core';

import { loadWorkerSettings } from '#config';
import { newId } from '#kernel';
import { PassService } from '#scheduler/processor';

import { machine, median, withDatabase } from '../lib/database.mjs';

const { values } = parseArgs({
  options: { deployments: { type: 'string', default: '20000' }, rounds: { type: 'string', default: '5' } },
});
const DEPLOYMENTS = Number(values.deployments);
const ROUNDS = Number(values.rounds);
const BATCH = 5_000;
const SHAPES = 100;

/** Passes are run here, one after the other, and not found by a sweep. */
const SETTINGS = {
  NODE_ENV: 'test',
  STOWAGE_LOG_LEVEL: 'fatal',
  STOWAGE_PASS_MAX_ROWS: String(BATCH),
  STOWAGE_SWEEP_INTERVAL_MS: '60000',
};

async function anOrganization(client) {
  const [user, organization] = [newId(), newId()];
  await client.query(
    `insert into users (id, username, username_key, password_hash) values ($1, $2, $2, '$argon2id$')`,
    [user, `bench-${user.slice(-12)}`],
  );
  await client.query(`insert into organizations (id, name, created_by) values ($1, 'Bench', $2)`, [organization, user]);
  return { organization, user };
}

/** A cluster with a full queue, and room for all of it. */
async function aFullQueue(client, { organization, user }) {
  const cluster = newId();
  await client.query(
    `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
     values ($1::uuid, $2, $1::text, $1::text, 1000000000000, 1000000000000, 1000000000000, $3)`,
    [cluster, organization, user],
  );
  await client.query(
    `insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by)
     select $1, gen_random_uuid(), $2, 'app', 'app', 1000 + n % $4, 256, 0, 50, $3 from generate_series(1, $5::int) n`,
    [organization, cluster, user, SHAPES, DEPLOYMENTS],
  );
  return cluster;
}

async function throughPasses(client, passes, owner) {
  const cluster = await aFullQueue(client, owner);
  await client.query(
    `insert into cluster_signals (organization_id, cluster_id, reason, priority, cpu_millis, memory_mib, gpu_millis, change)
     select organization_id, cluster_id, 'submitted', priority, cpu_millis, memory_mib, gpu_millis, count(*)
     from deployments where cluster_id = $1 group by 1, 2, 4, 5, 6, 7`,
    [cluster],
  );
  const began = performance.now();
  await passes.runUntilSettled(cluster);
  return finish(client, cluster, began);
}

const BARE = `
  with chosen as materialized (
    select organization_id, id from deployments where cluster_id = $1 and status = 'queued' limit $2
  ), placed as (
    update deployments d set status = 'scheduled', version = version + 1, scheduled_at = statement_timestamp()
    from chosen where d.organization_id = chosen.organization_id and d.id = chosen.id
    returning d.*
  ), events as (
    insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status, cause, pass_id, at)
    select organization_id, id, version, cluster_id, attempt, 'queued', 'scheduled', 'placed', $3, statement_timestamp() from placed
  ), entries as (
    insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id, at)
    select organization_id, cluster_id, id, attempt, 'allocate', cpu_millis, memory_mib, gpu_millis, $3, statement_timestamp() from placed
  )
  update clusters set allocated_cpu_millis = allocated_cpu_millis + (select sum(cpu_millis) from placed),
                      allocated_memory_mib = allocated_memory_mib + (select sum(memory_mib) from placed)
  where id = $1`;

async function bySql(client, owner) {
  const cluster = await aFullQueue(client, owner);
  const began = performance.now();
  for (let placed = 0; placed < DEPLOYMENTS; placed += BATCH) {
    await client.query('begin');
    await client.query(
      `select set_config(name, 'off', true) from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) name`,
    );
    await client.query(BARE, [cluster, BATCH, newId()]);
    await client.query('commit');
  }
  return finish(client, cluster, began);
}

/** @returns entries per second, when all are there */
async function finish(client, cluster, began) {
  const seconds = (performance.now() - began) / 1000;
  const { rows } = await client.query('select count(*)::int as count from ledger_entries where cluster_id = $1', [
    cluster,
  ]);
  if (rows[0].count !== DEPLOYMENTS) throw new Error(`${rows[0].count} of ${DEPLOYMENTS} entries were written`);
  return DEPLOYMENTS / seconds;
}

async function inTurn(client, passes) {
  const owner = await anOrganization(client);
  const rounds = [];
  // The first round warms both up, and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const real = await throughPasses(client, passes, owner);
    const bare = await bySql(client, owner);
    if (round > 0) rounds.push({ real, bare, share: real / bare });
    process.stderr.write(`round ${round}: ${Math.round(real)} through passes, ${Math.round(bare)} by SQL\n`);
  }
  const of = (what) => median(rounds.map((round) => round[what]));
  const figures = [Math.round(of('real')), Math.round(of('bare'))].map((figure) => figure.toLocaleString('en'));
  process.stdout.write(`${machine()}\n\n| what | per second | bare | share |\n| --- | ---: | ---: | ---: |\n`);
  process.stdout.write(
    `| ${DEPLOYMENTS.toLocaleString('en')} placements | ${figures.join(' | ')} | ${(100 * of('share')).toFixed(0)}% |\n`,
  );
}

await withDatabase('ledger', async (env, client) => {
  const { WorkerModule } = await import(new URL('../../dist/apps/worker/worker.module.js', import.meta.url).href);
  const settings = loadWorkerSettings({ ...env, ...SETTINGS });
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings), { logger: false });
  try {
    await inTurn(client, worker.get(PassService, { strict: false }));
  } finally {
    await worker.close();
  }
});
