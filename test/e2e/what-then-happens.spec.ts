import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { PassesByHand } from '../support/passes-by-hand.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { StandingClock } from '../support/standing-clock.js';
import { Stowage } from '../support/stowage.js';

interface Answer {
  starts: string[];
  waits: string[];
  placed: { before: number; after: number };
  preempted: { before: number; after: number };
  victims: { id: string; by: string; lostSeconds: number }[];
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

/** `STOWAGE_DEEP=1 npm test -- what-then-happens` makes a thousand of them real. */
const TURNS = process.env['STOWAGE_DEEP'] === '1' ? 1_000 : 100;

let stowage: Stowage;
let clock: StandingClock;
let team: Team;
let passes: PassesByHand;

beforeAll(async () => {
  stowage = await Stowage.start({
    workers: 0,
    prepare: async (url) => {
      clock = await StandingClock.in(url);
    },
  });
  team = await aTeam(stowage.client);
  passes = await PassesByHand.of(stowage);
});

afterAll(async () => {
  await passes.stop();
  await assertLedgerHolds(stowage.database.url);
  await stowage.stop();
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

/** Who has been preempted of some, the last time, and for whom. */
function preemptions(cluster: TestCluster, ids: readonly string[]): Promise<Answer['victims']> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<{ id: string; by: string; lostSeconds: number }>(
      `select distinct on (deployment_id) deployment_id as id, preemptor_id as by, lost_seconds as "lostSeconds"
       from deployment_events where cluster_id = $1 and cause = 'preempted' and deployment_id = any($2::uuid[])
       order by deployment_id, sequence desc`,
      [cluster.id, ids],
    );
    return rows;
  });
}

interface Reservation {
  id: string | undefined;
  state: string;
  promisedAtMs: number | null;
}

/** The reservation that stands. */
function reservation(cluster: TestCluster): Promise<Reservation | null> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<{ reservation: Reservation | null }>(
      `select reservation from cluster_schedules where cluster_id = $1`,
      [cluster.id],
    );
    const found = rows[0]?.reservation ?? null;
    return found === null ? null : { id: found.id, state: found.state, promisedAtMs: found.promisedAtMs };
  });
}

const YIELDING = { preemption: 'lower-priority', preemptAfterSeconds: 0, maxPreemptions: 100 };

/** Most of them let somebody be given up. */
const POLICIES: readonly [Policy, ...Policy[]] = [
  YIELDING,
  YIELDING,
  { preemption: 'lower-priority', preemptAfterSeconds: 60 },
  { preemption: 'lower-priority', maxPreemptions: 1 },
  { preemption: 'never' },
  { reserveAfterSeconds: null },
  { reserveAfterSeconds: 0 },
];

/** A change that makes sense in a state: less or more of everything that a question can be about. */
function aChange(random: Random, now: ReadonlyMap<string, string>): Question {
  const below = (most: number): number => random.integer(0, most - 1);
  const ended = [...now.keys()].filter(() => below(8) === 0).slice(0, 3);
  const waiting = [...now].flatMap(([id, status]) => (status === 'queued' && !ended.includes(id) ? [id] : []));
  return {
    ended,
    deployments: Array.from({ length: below(4) }, () => aRequest(random)),
    changes: waiting
      .filter(() => below(12) === 0)
      .slice(0, 2)
      .map((id) => ({ id, priority: 40 + 10 * below(3) })),
    ...(below(6) === 0 ? { capacity: { cpu: 16 + below(8), gpu: 6 + below(4) } } : {}),
    ...(below(4) === 0 ? { policy: random.pick(POLICIES) } : {}),
    ...(below(4) === 0 ? { cordoned: below(4) === 0 } : {}),
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

/** Does what was only thought of. @returns the ids of what was submitted */
async function makeReal(cluster: TestCluster, question: Question, random: Random): Promise<string[]> {
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
  for (const id of ended) await cluster.cancel(id);
  for (const { id, priority } of changes) await team.developer.patch(cluster.deploymentPath(id), { priority });
  return deployments.length === 0 ? [] : cluster.submitBatch(mostlyPreemptible(random, deployments));
}

/** Whether what waits may be given up one day makes no difference to the next pass, and no question says it. */
function mostlyPreemptible(random: Random, deployments: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  return deployments.map((deployment) => ({ ...deployment, preemptible: random.integer(0, 3) > 0 }));
}

/** What an answer says will happen, with the ids of what has been submitted meanwhile. */
function foretold(told: Answer, added: readonly string[]) {
  const real = new Map(told.deployments.map(({ id }, index) => [id, added[index]]));
  const named = (id: string | undefined): string | undefined => real.get(id ?? '') ?? id;
  const promised = told.reservation.after;
  return {
    started: [...told.starts].sort(),
    startedOfAdded: told.deployments.reduce((sum, { starts }) => sum + starts, 0),
    startedInAll: told.placed.after,
    changed: told.changes.map(({ id, starts }) => [id, starts]),
    preempted: told.victims
      .map(({ id, by, lostSeconds }) => ({ id, by: named(by), lostSeconds }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    preemptedInAll: told.preempted.after,
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

/** Asks what a change would do, makes it, and holds the next pass against the answer. @returns how many started, and how many were preempted */
async function askAndSee(
  cluster: TestCluster,
  question: Question,
  random: Random,
  where: string,
): Promise<{ started: number; preempted: number }> {
  const before = await alive(cluster);
  const answer = await team.viewer.post<Answer>(`${cluster.path}/plan`, question);
  if (answer.status !== 200) throw new Error(`asking was answered by ${answer.status}: ${answer.text}`);
  const told = answer.body;
  const added = await makeReal(cluster, question, random);
  await passes.run(cluster.id);
  const after = await alive(cluster);
  const starts = [...after].flatMap(([id, status]) => (status === 'scheduled' && !holds(before.get(id)) ? [id] : []));
  const victims = [...after].flatMap(([id, status]) => (status === 'queued' && holds(before.get(id)) ? [id] : []));
  const happened = {
    started: starts.filter((id) => !added.includes(id)).sort(),
    startedOfAdded: starts.filter((id) => added.includes(id)).length,
    startedInAll: starts.length,
    changed: question.changes.map(({ id }) => [id, starts.includes(id) ? 1 : 0]),
    preempted: await preemptions(cluster, victims),
    preemptedInAll: victims.length,
    reservation: await reservation(cluster),
  };
  expect({ where, ...happened }).toEqual({ where, ...foretold(told, added) });
  // Nothing was left to do before the change: whatever comes with time has brought a pass with it.
  expect([where, told.placed.before, told.preempted.before]).toEqual([where, 0, 0]);
  return { started: starts.length, preempted: victims.length };
}

const holds = (status: string | undefined): boolean => status === 'scheduled' || status === 'running';

/** All that was left to do is done, time passes, and runtimes report what they have started. */
async function meanwhile(cluster: TestCluster, random: Random): Promise<void> {
  await passes.runUntilSettled(cluster.id);
  await clock.advance(random.integer(0, 90));
  for (const [id, status] of await alive(cluster)) {
    if (status !== 'scheduled' || random.integer(0, 7) > 0) continue;
    expect((await team.admin.post(`${cluster.deploymentPath(id)}/start`)).status).toBe(200);
  }
  await passes.runUntilSettled(cluster.id);
}

it(`what if is what then happens: ${TURNS} random changes made real, one after the other`, async () => {
  const random = Random.of('what if is what then happens');
  const cluster = await TestCluster.create(team, { cpu: 20, gpu: 8 });
  await team.admin.patch(cluster.path, { policy: YIELDING });
  // Whatever the dice say, somebody gives way once: one has everything, and another one comes.
  await cluster.submit({ priority: 40, resources: { cpu: 20, memoryMib: 1, gpu: 8 }, preemptible: true });
  await passes.runUntilSettled(cluster.id);
  const another = {
    ended: [],
    deployments: [{ priority: 50, resources: { cpu: 1, memoryMib: 1, gpu: 0 } }],
    changes: [],
  };
  expect(await askAndSee(cluster, another, random, 'at first')).toEqual({ started: 1, preempted: 1 });

  const requests = Array.from({ length: 30 }, () => aRequest(random));
  await cluster.submitBatch(mostlyPreemptible(random, requests));
  for (let turn = 0; turn < TURNS; turn++) {
    await meanwhile(cluster, random);
    const question = aChange(random, await alive(cluster));
    await askAndSee(cluster, question, random, `turn ${turn}: ${JSON.stringify(question)}`);
  }
}, 600_000);
