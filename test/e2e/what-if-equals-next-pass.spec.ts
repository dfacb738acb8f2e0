import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { nominationsOf, ownedReservation, type Reservation } from '#packing';

import { cases } from '../support/cases.js';
import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { ManualPasses } from '../support/manual-passes.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { FakeClock } from '../support/fake-clock.js';
import { Stowage } from '../support/stowage.js';

interface Answer {
  starts: string[];
  waits: string[];
  placed: { before: number; after: number };
  nominated: { before: number; after: number };
  preempted: { before: number; after: number };
  victims: { id: string; preemptorId: string; lostSeconds: number }[];
  deployments: { id: string; starts: number; waits: number }[];
  changes: { id: string; starts: number }[];
  reservation: { after: { deploymentId: string; state: string; promisedAt: string | null } | null };
}

type Policy = Readonly<Record<string, unknown>>;

interface Question {
  ended: string[];
  deployments: Record<string, unknown>[];
  changes: { id: string; priority: number }[];
  capacity?: { cpu: number; gpu: number };
  policy?: Policy;
  cordoned?: boolean;
}

/** `STOWAGE_TEST_DEPTH=tenfold npm test -- what-if-equals` makes a thousand of them real. */
const TURNS = cases(100);

let stowage: Stowage;
let clock: FakeClock;
let team: Team;
let passes: ManualPasses;

beforeAll(async () => {
  stowage = await Stowage.start({
    workers: 0,
    prepare: async (url) => {
      clock = await FakeClock.in(url);
    },
  });
  team = await aTeam(stowage.client);
  passes = await ManualPasses.of(stowage);
});

afterAll(async () => {
  await passes.stop();
  await stowage.proveAndStop();
});

/** Deployments of a cluster that wait or hold resources, by id. */
function alive(cluster: TestCluster): Promise<Map<string, string>> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<{ id: string; status: string }>(
      `select id, status from deployments where cluster_id = $1 and ended_at is null order by id`,
      [cluster.id],
    );
    return new Map(rows.map(({ id, status }) => [id, status]));
  });
}

/** A victim; what is lost with it is not known before it has stopped. */
interface Victim {
  id: string;
  preemptorId: string | undefined;
  lostSeconds: number | null;
}

/** The latest preemption of each of these deployments, with its preemptor. */
function preemptions(cluster: TestCluster, ids: readonly string[]): Promise<Victim[]> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<Victim>(
      `select distinct on (deployment_id) deployment_id as id, preemptor_id as "preemptorId", lost_seconds as "lostSeconds"
       from deployment_events where cluster_id = $1 and cause = 'preempted' and deployment_id = any($2::uuid[])
       order by deployment_id, sequence desc`,
      [cluster.id, ids],
    );
    return rows;
  });
}

/** The owned reservation, and the number of nominated deployments; where nothing may start, nominations rest, and no plan has them. */
function schedule(
  cluster: TestCluster,
): Promise<{ reservation: { id: string; state: string; promisedAtMs: number | null } | null; nominated: number }> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<{ reservations: Reservation[]; mayStart: boolean }>(
      `select reservations, state = 'active' and pending_cpu_millis is null as "mayStart"
       from cluster_schedules join clusters on id = cluster_id where cluster_id = $1`,
      [cluster.id],
    );
    const { reservations, mayStart } = rows[0] ?? { reservations: [], mayStart: false };
    const reservation = ownedReservation(reservations);
    const nominations = mayStart ? nominationsOf(reservations) : [];
    return {
      reservation:
        reservation === null
          ? null
          : {
              id: reservation.id,
              state: reservation.state,
              promisedAtMs: reservation.state === 'promised' ? reservation.untilMs : null,
            },
      nominated: nominations.reduce((sum, { count }) => sum + count, 0),
    };
  });
}

const YIELDING = { preemption: 'lower-priority', preemptAfterSeconds: 0, maxPreemptions: 100 };

/** Most of them allow preemption. */
const POLICIES: readonly [Policy, ...Policy[]] = [
  YIELDING,
  YIELDING,
  { preemption: 'lower-priority', preemptAfterSeconds: 60 },
  { preemption: 'lower-priority', maxPreemptions: 1 },
  { preemption: 'lower-priority', stopGraceSeconds: 60 },
  { preemption: 'lower-priority', stopGraceSeconds: 200 },
  { stopGraceSeconds: 0 },
  { preemption: 'never' },
  { reserveAfterSeconds: null },
  { reserveAfterSeconds: 0 },
];

/** A change that makes sense in a state: less or more of everything that a question can be about. */
function aChange(random: Random, now: ReadonlyMap<string, string>): Question {
  const below = (most: number): number => random.integer(0, most - 1);
  const ended = [...now].flatMap(([id, status]) => (below(status === 'queued' ? 20 : 6) === 0 ? [id] : [])).slice(0, 3);
  const waiting = [...now].flatMap(([id, status]) => (status === 'queued' && !ended.includes(id) ? [id] : []));
  return {
    ended,
    deployments: Array.from({ length: below(5) }, () => aRequest(random)),
    changes: waiting
      .filter(() => below(12) === 0)
      .slice(0, 2)
      .map((id) => ({ id, priority: 40 + 10 * below(3) })),
    ...(below(6) === 0 ? { capacity: { cpu: 16 + below(8), gpu: 6 + below(4) } } : {}),
    ...(below(4) === 0 ? { policy: random.pick(POLICIES) } : {}),
    ...(below(4) === 0 ? { cordoned: below(6) === 0 } : {}),
  };
}

function aRequest(random: Random): Record<string, unknown> {
  const below = (most: number): number => random.integer(0, most - 1);
  return {
    priority: 30 + 10 * below(5),
    resources: { cpu: below(6), memoryMib: 1, gpu: below(4) },
    ...(below(2) === 0 ? {} : { maxRuntimeSeconds: 36_000 * (1 + below(2)) }),
  };
}

/** Has the next pass look at everything, even where nothing has changed but the time. */
async function announce(cluster: TestCluster): Promise<void> {
  await withClient(stowage.database.url, (client) =>
    client.query(`insert into cluster_signals (organization_id, cluster_id, reason) values ($1, $2, 'ended')`, [
      team.organizationId,
      cluster.id,
    ]),
  );
}

/** Does what was only thought of. @returns the ids of what was submitted */
async function makeReal(
  cluster: TestCluster,
  question: Question,
  now: ReadonlyMap<string, string>,
  random: Random,
): Promise<string[]> {
  const { ended, deployments, changes, capacity, policy, cordoned } = question;
  if (capacity !== undefined || policy !== undefined) {
    const body = {
      ...(capacity === undefined ? {} : { capacity, whenFree: true }),
      ...(policy === undefined ? {} : { policy }),
    };
    expect((await team.admin.patch(cluster.path, body)).status).toBe(200);
  }
  if (cordoned === true) await cluster.cordon();
  if (cordoned === false) await cluster.uncordon();
  // Cancelling would give what runs time to stop, where the policy does.
  for (const id of ended) await (now.get(id) === 'queued' ? cluster.cancel(id) : cluster.complete(id));
  for (const { id, priority } of changes) await team.developer.patch(cluster.deploymentPath(id), { priority });
  return deployments.length === 0 ? [] : cluster.submitBatch(mostlyPreemptible(random, deployments));
}

/** Whether what waits may be given up one day makes no difference to the next pass, and no question says it. */
function mostlyPreemptible(random: Random, deployments: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return deployments.map((deployment) => ({ ...deployment, preemptible: random.integer(0, 3) > 0 }));
}

/** What an answer says will happen, with the ids of what has been submitted meanwhile. */
function foretold(told: Answer, added: readonly string[], stopping: ReadonlySet<string>) {
  const real = new Map(told.deployments.map(({ id }, index) => [id, added[index]]));
  const named = (id: string | undefined): string | undefined => real.get(id ?? '') ?? id;
  const promised = told.reservation.after;
  return {
    started: [...told.starts].sort(),
    startedOfAdded: told.deployments.reduce((sum, { starts }) => sum + starts, 0),
    startedInAll: told.placed.after,
    changed: told.changes.map(({ id, starts }) => [id, starts]),
    preempted: told.victims
      .map(({ id, preemptorId, lostSeconds }): Victim => ({
        id,
        preemptorId: named(preemptorId),
        lostSeconds: stopping.has(id) ? null : lostSeconds,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    preemptedInAll: told.preempted.after,
    nominated: told.nominated.after,
    reservation:
      promised === null
        ? null
        : {
            id: named(promised.deploymentId),
            state: promised.state,
            promisedAtMs: promised.promisedAt === null ? null : Date.parse(promised.promisedAt),
          },
  };
}

/** Answers that were not compared: a gathering began between the question and the pass. */
let momentary = 0;

/** Asks what a change would do, makes it, and holds the next pass against the answer. @returns what has happened */
async function askAndSee(
  cluster: TestCluster,
  question: Question,
  random: Random,
  where: string,
): Promise<{ started: number; preempted: number; nominated: number }> {
  // What ends teaches how long such runs take; few runs say nothing yet.
  expect((await team.admin.delete(`${team.path}/runtimes`)).status).toBe(204);
  const before = await alive(cluster);
  const answer = await team.viewer.post<Answer>(`${cluster.path}/plan`, question);
  if (answer.status !== 200) throw new Error(`asking was answered by ${answer.status}: ${answer.text}`);
  const told = answer.body;
  const added = await makeReal(cluster, question, before, random);
  await announce(cluster);
  await passes.run(cluster.id);
  const after = await alive(cluster);
  const starts = [...after].flatMap(([id, status]) => (status === 'scheduled' && !runs(before.get(id)) ? [id] : []));
  const stopping = new Set([...after.keys()].filter((id) => runs(before.get(id)) && after.get(id) === 'stopping'));
  const victims = [...after.keys()].filter((id) => runs(before.get(id)) && !runs(after.get(id)));
  const happened = {
    started: starts.filter((id) => !added.includes(id)).sort(),
    startedOfAdded: starts.filter((id) => added.includes(id)).length,
    startedInAll: starts.length,
    changed: question.changes.map(({ id }) => [id, starts.includes(id) ? 1 : 0]),
    preempted: await preemptions(cluster, victims),
    preemptedInAll: victims.length,
    ...(await schedule(cluster)),
  };
  const foreseen = foretold(told, added, stopping);
  // A gathering begins at a moment, which may lie between the question and the pass.
  const gathers = [foreseen, happened].some(({ reservation }) => reservation?.state === 'gathering');
  if (gathers && !isDeepStrictEqual(foreseen.reservation, happened.reservation)) momentary++;
  else expect({ where, ...happened }).toEqual({ where, ...foreseen });
  // Nothing was left to do before the change: whatever comes with time has brought a pass with it.
  expect([where, told.placed.before, told.preempted.before]).toEqual([where, 0, 0]);
  return { started: starts.length, preempted: victims.length, nominated: happened.nominated };
}

const runs = (status: string | undefined): boolean => status === 'scheduled' || status === 'running';

/** All that was left to do is done, time passes, and runtimes report what they have started and stopped. */
async function meanwhile(cluster: TestCluster, random: Random): Promise<void> {
  await passes.runUntilSettled(cluster.id);
  await clock.advance(random.integer(0, 90));
  for (const [id, status] of await alive(cluster)) {
    if (random.integer(0, 3) > 0) continue;
    if (status === 'scheduled') await team.admin.post(`${cluster.deploymentPath(id)}/start`);
    if (status === 'stopping') await cluster.complete(id);
  }
  await passes.runUntilSettled(cluster.id);
}

/** Whatever the dice say below. */
it.each([
  [0, { started: 1, preempted: 1, nominated: 0 }],
  [60, { started: 0, preempted: 1, nominated: 1 }],
])(
  'matches the next pass, which preempts a deployment that has %i seconds to stop',
  async (stopGraceSeconds, outcome) => {
    const random = Random.of('one gives way');
    const cluster = await TestCluster.create(team, { cpu: 20, gpu: 8 });
    await team.admin.patch(cluster.path, { policy: { ...YIELDING, stopGraceSeconds } });
    const low = await cluster.submit({ priority: 40, resources: { cpu: 20, memoryMib: 1, gpu: 8 }, preemptible: true });
    await passes.runUntilSettled(cluster.id);
    await team.admin.post(`${cluster.deploymentPath(low)}/start`);
    await clock.advance(1);
    const high = { priority: 50, resources: { cpu: 1, memoryMib: 1, gpu: 0 } };
    const question = { ended: [], deployments: [high], changes: [] };
    expect(await askAndSee(cluster, question, random, 'one gives way')).toEqual(outcome);
  },
);

it(`matches the next pass for ${TURNS} random changes, applied one after the other`, async () => {
  const random = Random.of('what if is what then happens');
  const cluster = await TestCluster.create(team, { cpu: 20, gpu: 8 });
  await team.admin.patch(cluster.path, { policy: YIELDING });
  const requests = Array.from({ length: 30 }, () => aRequest(random));
  await cluster.submitBatch(mostlyPreemptible(random, requests));
  momentary = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    await meanwhile(cluster, random);
    const question = aChange(random, await alive(cluster));
    await askAndSee(cluster, question, random, `turn ${turn}: ${JSON.stringify(question)}`);
  }
  expect(momentary).toBeLessThanOrEqual(TURNS / 10);
}, 600_000);
