// Whether one user with default limits slows another organization down: each attack against an API and a worker of its own, with figures of
// the other organization before the attack and during it. Prints rows of a markdown table, and ends with 1 where a bar is missed. Needs a built
// project, a PostgreSQL whose user may create databases (STOWAGE_TEST_DATABASE_URL) and a Redis (STOWAGE_TEST_REDIS_URL): `npm run
// bench:isolation` brings its own.
//
//   node bench/isolation/bench.mjs [--only scheduling,planning,...] [--clusters 1,4,16] [--organizations one,spread] [--preemption off,on] [--seconds 15]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { Stowage } from '#sdk';

import { machine, pause } from '../lib/database.mjs';
import { aCluster, anOwner, withService } from '../lib/service.mjs';
import { eventDelays, p99, peakMemory, repeatedly, starts, timed } from './victim.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    clusters: { type: 'string', default: '1,4,16' },
    organizations: { type: 'string', default: 'one,spread' },
    preemption: { type: 'string', default: 'off,on' },
    seconds: { type: 'string', default: '15' },
  },
});
const SECONDS = Number(values.seconds);
/** From the start of an attack until it counts: its queues are full then. */
const WARM_UP_MS = 3_000;
const SHAPES = 5_000;
const LARGE = { cpu: 1_000_000, memoryMib: 1_000_000_000, gpu: 1_000 };

let missed = 0;

function row({ attack, figure, before, during, bar, holds }) {
  if (!holds) missed++;
  process.stdout.write(`| ${attack} | ${figure} | ${before} | ${during} | ${bar} | ${holds ? 'yes' : 'NO'} |\n`);
}

const ms = (value) => `${Math.round(value)} ms`;

/** A row whose bar is a multiple of the figure before, and something added. */
function rowOf(attack, figure, before, during, { factor, plus }) {
  const bar = factor * before + plus;
  row({ attack, figure, before: ms(before), during: ms(during), bar: `<= ${ms(bar)}`, holds: during <= bar });
}

/** Runs an attack beside `work`. @returns what `work` answers, and how often the attack got each status */
async function under(name, order, work) {
  const file = new URL('attacker.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [file, name, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (data) => (printed += data));
  const ended = once(child, 'exit');
  try {
    await pause(WARM_UP_MS);
    const during = await work();
    child.kill('SIGTERM');
    await ended;
    return { during, counts: JSON.parse(printed || '{}') };
  } finally {
    child.kill('SIGKILL');
  }
}

/** The answers that an attack got, for the row's first column. */
const answersIn = (counts) =>
  Object.entries(counts)
    .map(([status, times]) => `${times} x ${status}`)
    .join(', ');

async function highestSearchSteps(port) {
  const document = await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json();
  return document.components.schemas.PolicySettings.properties.searchSteps.maximum;
}

/** Fills a cluster's queue with distinct shapes, as submissions do, with their signals. */
const FILL = `
  with waiting as (
    insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, is_preemptible, submitted_by, queued_at)
    select $1, gen_random_uuid(), $2, 'app', 'app', 100 + n * 7919 % 29_989, 100 + n * 104_729 % 59_999, n * 1299_709 % 7_993, $4, $5, $3,
           now() + n * interval '1 microsecond'
    from generate_series(1, $6::bigint) n
    returning *
  )
  insert into cluster_signals (organization_id, cluster_id, reason, priority, cpu_millis, memory_mib, gpu_millis, change)
  select organization_id, cluster_id, 'submitted', priority, cpu_millis, memory_mib, gpu_millis, count(*)
  from waiting group by 1, 2, 4, 5, 6, 7`;

/** A cluster with queues that keep the planner busy; with preemption also a thousand deployments that may give way. */
async function hardCluster({ owner, port, client, searchSteps, preempts, index }) {
  const policy = {
    searchSteps,
    reserveAfterSeconds: 0,
    ...(preempts ? { preemption: 'lower-priority', preemptAfterSeconds: 0 } : {}),
  };
  const capacity = { cpu: 15_700, memoryMib: 30_400_000, gpu: 4_100 };
  const cluster = await aCluster(owner, port, { name: `hard-${index}`, capacity, policy });
  const fill = (priority, preemptible, count) =>
    client.query(FILL, [owner.organization, cluster.id, owner.user, priority, preemptible, count]);
  if (preempts) {
    await fill(10, true, 1_000);
    await pause(500);
  }
  await fill(50, false, SHAPES);
  return { organizationId: owner.organization, clusterId: cluster.id };
}

/** Another organization of the same user. */
async function anotherOrganization(owner, port) {
  const { id: organization } = await owner.session.createOrganization({ body: { name: 'Another' } });
  const body = { name: 'bench', organizationId: organization, role: 'admin', expiresInSeconds: 86_400 };
  const { token } = await owner.session.createToken({ body });
  return { ...owner, organization, token, api: new Stowage({ baseUrl: `http://127.0.0.1:${port}`, token }) };
}

/** The chosen combinations of clusters, organizations and preemption. One cluster is in one organization. */
function schedulingCases() {
  const chosen = (names, known) => {
    const unknown = names.split(',').filter((name) => !known.includes(name));
    if (unknown.length > 0) throw new Error(`${unknown.join(', ')} is none of ${known.join(', ')}`);
    return names.split(',');
  };
  const places = chosen(values.organizations, ['one', 'spread']);
  const preemptions = chosen(values.preemption, ['off', 'on']);
  return values.clusters
    .split(',')
    .map(Number)
    .flatMap((clusters) =>
      places
        .filter((place) => clusters > 1 || place === 'one')
        .flatMap((place) =>
          preemptions.map((preemption) => ({ clusters, isSpread: place === 'spread', preempts: preemption === 'on' })),
        ),
    );
}

async function scheduling() {
  for (const { clusters, isSpread, preempts } of schedulingCases()) {
    await withService(
      'isolation',
      async (port, client) => {
        const searchSteps = await highestSearchSteps(port);
        const [victim, attacker] = [await anOwner(port), await anOwner(port)];
        const cluster = await aCluster(victim, port, { name: 'quiet', capacity: LARGE });
        const measure = () => starts({ owner: victim, cluster, client, seconds: SECONDS });
        const before = p99(await measure());
        const owners = [attacker];
        while (isSpread && owners.length < clusters) owners.push(await anotherOrganization(attacker, port));
        const hard = [];
        for (let index = 0; index < clusters; index++) {
          const owner = owners[index % owners.length];
          hard.push(await hardCluster({ owner, port, client, searchSteps, preempts, index }));
        }
        const tokens = Object.fromEntries(owners.map(({ organization, token }) => [organization, token]));
        const { during } = await under('submissions', { port, clusters: hard, tokens }, measure);
        const { rows } = await client.query(
          `select count(*)::int as passes, coalesce(max((durations_ms->>'plan')::float8), 0) as plan from passes where cluster_id = any($1)`,
          [hard.map(({ clusterId }) => clusterId)],
        );
        const where = clusters === 1 ? '' : isSpread ? ` in ${clusters} organizations` : ' in one organization';
        const what = `${clusters} busy cluster${clusters === 1 ? '' : 's'}${where}, preemption ${preempts ? 'on' : 'off'}`;
        const passes = `${rows[0].passes} passes, longest plan ${ms(rows[0].plan)}`;
        rowOf(`${what} (${passes})`, 'create to scheduled, p99', before, p99(during), { factor: 2, plus: 250 });
      },
      {},
    );
  }
}

async function planning() {
  for (const name of ['abandonedPlans', 'keptPlans']) {
    await withService(
      'isolation',
      async (port) => {
        const searchSteps = await highestSearchSteps(port);
        const [victim, attacker] = [await anOwner(port), await anOwner(port)];
        const cluster = await aCluster(victim, port, { name: 'quiet', capacity: LARGE });
        const options = {
          method: 'POST',
          headers: { authorization: `Bearer ${victim.token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ deployments: [{ resources: { cpu: 16, memoryMib: 1_024, gpu: 4 }, priority: 80 }] }),
        };
        const measure = () => repeatedly(SECONDS, 200, () => timed(`${cluster.url}/plan`, options));
        const before = p99((await measure()).map(({ ms: time }) => time));
        const { during, counts } = await under(name, { ...attacker, port, searchSteps }, measure);
        const refused = during.filter(({ status }) => status !== 200).length;
        const what = `64 hardest plans, ${name === 'keptPlans' ? 'kept' : 'abandoned'} (${answersIn(counts)})`;
        rowOf(what, 'what-if, p99', before, p99(during.map(({ ms: time }) => time)), { factor: 2, plus: 300 });
        row({
          attack: what,
          figure: 'what-if, refused',
          before: '0',
          during: String(refused),
          bar: '0',
          holds: refused === 0,
        });
      },
      {},
    );
  }
}

async function bodies() {
  const names = { largePlans: '2 MB plans', invalidBatches: 'invalid 10,000-item batches', blankLines: 'blank lines' };
  for (const [name, what] of Object.entries(names)) {
    await withService(
      'isolation',
      async (port) => {
        const attacker = await anOwner(port);
        const { id } = await aCluster(attacker, port, { name: 'own', capacity: LARGE });
        const searchSteps = 1;
        const measure = () => repeatedly(SECONDS, 20, () => timed(`http://127.0.0.1:${port}/health/live`));
        const before = p99((await measure()).map(({ ms: time }) => time));
        const { during, counts } = await under(name, { ...attacker, port, searchSteps, cluster: id }, measure);
        const time = p99(during.map(({ ms: one }) => one));
        row({
          attack: `8 connections of ${what} (${answersIn(counts)})`,
          figure: '`/health/live`, p99',
          before: ms(before),
          during: ms(time),
          bar: '<= 50 ms',
          holds: time <= 50,
        });
      },
      {},
    );
  }
}

async function memory() {
  for (const path of ['/v1/organizations', '/v1/plan', '/v1/auth/login']) {
    await withService(
      'isolation',
      async (port, _client, pid) => {
        const victim = await anOwner(port);
        const load = () => repeatedly(SECONDS, 50, () => timed(`http://127.0.0.1:${port}/health/live`));
        const measure = async () => (await Promise.all([peakMemory(pid, SECONDS), load()]))[0];
        const before = await measure();
        const { during, counts } = await under('anonymousBodies', { ...victim, port, path }, measure);
        const bar = 1.2 * before + 64;
        const mib = (value) => `${Math.round(value)} MiB`;
        const what = `500 anonymous connections with 8 MB each to ${path} (${answersIn(counts)})`;
        row({
          attack: what,
          figure: 'peak memory of the API',
          before: mib(before),
          during: mib(during),
          bar: `<= ${mib(bar)}`,
          holds: during <= bar,
        });
      },
      {},
    );
  }
}

const LABELLED = `
  insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by, labels)
  select $1, gen_random_uuid(), $2, 'app', 'app', 1000, 256, 0, 50, $3,
         (select jsonb_object_agg('key' || k, 'value-' || (n * k) % 50) from generate_series(0, 19) k)
  from generate_series(1, 200000) n`;

async function lists() {
  await withService(
    'isolation',
    async (port, client) => {
      const [victim, attacker] = [await anOwner(port), await anOwner(port)];
      const cluster = await aCluster(victim, port, { name: 'quiet', capacity: LARGE });
      await victim.api.submitDeployment({
        path: cluster.path,
        body: { image: 'app:1', resources: { cpu: 1, memoryMib: 1 } },
      });
      const { id } = await aCluster(attacker, port, { name: 'own', capacity: LARGE });
      await client.query(LABELLED, [attacker.organization, id, attacker.user]);
      await client.query('vacuum analyze deployments');
      const headers = { authorization: `Bearer ${victim.token}` };
      const url = `http://127.0.0.1:${port}/v1/organizations/${victim.organization}/deployments`;
      const measure = () => repeatedly(SECONDS, 50, () => timed(url, { headers }));
      const before = p99((await measure()).map(({ ms: time }) => time));
      const { during, counts } = await under('heaviestLists', { ...attacker, port }, measure);
      const time = p99(during.map(({ ms: one }) => one));
      const failed = during.filter(({ status }) => status !== 200).length;
      const what = `40 parallel heaviest lists (${answersIn(counts)})`;
      row({
        attack: what,
        figure: 'other GET, p99',
        before: ms(before),
        during: ms(time),
        bar: '<= 100 ms',
        holds: time <= 100,
      });
      row({
        attack: what,
        figure: 'other GET, not answered',
        before: '0',
        during: String(failed),
        bar: '0',
        holds: failed === 0,
      });
    },
    {},
  );
}

async function streams() {
  await withService(
    'isolation',
    async (port) => {
      const [victim, attacker] = [await anOwner(port), await anOwner(port)];
      const cluster = await aCluster(victim, port, { name: 'quiet', capacity: LARGE });
      const measure = () => eventDelays({ owner: victim, cluster, seconds: SECONDS });
      const before = p99(await measure());
      const { during, counts } = await under('streams', { ...attacker, port }, measure);
      const time = p99(during);
      row({
        attack: `all streams of one user (${answersIn(counts)})`,
        figure: "another's event, p99",
        before: ms(before),
        during: ms(time),
        bar: '<= 100 ms',
        holds: time <= 100,
      });
    },
    {},
  );
}

async function storage() {
  const settings = { STOWAGE_LIMIT_BYTES: String(64 * 1024 * 1024) };
  await withService(
    'isolation',
    async (port) => {
      const [victim, attacker] = [await anOwner(port), await anOwner(port)];
      const cluster = await aCluster(victim, port, { name: 'quiet', capacity: LARGE });
      const { id } = await aCluster(attacker, port, { name: 'own', capacity: { cpu: 30, memoryMib: 60_001 } });
      const options = {
        method: 'POST',
        headers: { authorization: `Bearer ${victim.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          image: 'app:1',
          resources: { cpu: 0.001, memoryMib: 1 },
          spec: { command: ['x'.repeat(5_000)] },
        }),
      };
      const measure = () => repeatedly(SECONDS, 100, () => timed(`${cluster.url}/deployments`, options));
      const { during, counts } = await under('specs', { ...attacker, port, cluster: id }, measure);
      const refused = during.filter(({ status }) => status !== 201).length;
      const what = `specs until refused (${answersIn(counts)})`;
      row({
        attack: what,
        figure: "another's submissions, refused",
        before: '0',
        during: String(refused),
        bar: '0',
        holds: refused === 0,
      });
      row({
        attack: what,
        figure: "the attacker's batches, refused",
        before: '',
        during: String(counts[409] ?? 0),
        bar: '> 0',
        holds: (counts[409] ?? 0) > 0,
      });
    },
    settings,
  );
}

async function signIns() {
  await withService(
    'isolation',
    async (port) => {
      const owners = [];
      const login = ({ username, password }, address) =>
        timed(`http://127.0.0.1:${port}/v1/auth/login`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
          body: JSON.stringify({ username, password }),
        });
      for (let index = 0; index < 20; index++) {
        const { account } = await anOwner(port);
        owners.push({ account, address: `192.0.2.${index}` });
        await login(account, `192.0.2.${index}`);
      }
      const measure = () =>
        repeatedly(SECONDS, 500, (turn) =>
          login(owners[turn % owners.length].account, owners[turn % owners.length].address),
        );
      const share = (answers) =>
        answers.filter(({ status, ms: time }) => status === 200 && time <= 2_000).length / answers.length;
      const before = share(await measure());
      const names = owners.map(({ account }) => account.username);
      const { during, counts } = await under('signIns', { port, token: '', names }, measure);
      const percent = (value) => `${(100 * value).toFixed(0)}%`;
      const what = `200 connections of wrong sign-ins from 25,000 addresses (${answersIn(counts)})`;
      row({
        attack: what,
        figure: 'correct sign-ins within 2 s',
        before: percent(before),
        during: percent(share(during)),
        bar: '>= 95%',
        holds: share(during) >= 0.95,
      });
    },
    { STOWAGE_TRUST_PROXY: '1' },
  );
}

const ALL = { scheduling, planning, bodies, memory, lists, streams, storage, signIns };
const names = values.only?.split(',') ?? Object.keys(ALL);
const unknown = names.filter((name) => !(name in ALL));
if (unknown.length > 0)
  throw new Error(`there is no attack ${unknown.join(', ')}; there are ${Object.keys(ALL).join(', ')}`);

process.stdout.write(
  `${machine()}\n\n| attack by one user | figure | before | during | bar | held |\n| --- | --- | ---: | ---: | ---: | --- |\n`,
);
for (const name of names) await ALL[name]();
process.stdout.write(missed === 0 ? '\nEvery bar is held.\n' : `\n${missed} bars are missed.\n`);
process.exitCode = missed === 0 ? 0 : 1;
