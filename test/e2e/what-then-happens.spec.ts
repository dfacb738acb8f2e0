import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { PassesByHand } from '../support/passes-by-hand.js';
import { aTeam, type Team } from '../support/people.js';
import { Random } from '../support/random.js';
import { Stowage } from '../support/stowage.js';

interface Answer {
  starts: string[];
  waits: string[];
  placed: { before: number; after: number };
  deployments: { id: string; starts: number; waits: number }[];
  changes: { id: string; starts: number }[];
  reservation: { after: { deploymentId: string; state: string } | null };
}

/** `STOWAGE_DEEP=1 npm test -- what-then-happens` makes a thousand of them real. */
const TURNS = process.env['STOWAGE_DEEP'] === '1' ? 1_000 : 100;

let stowage: Stowage;
let team: Team;
let passes: PassesByHand;

beforeAll(async () => {
  stowage = await Stowage.start({ workers: 0 });
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

/** The reservation that stands, as far as it is a matter of facts and not of the clock. */
function reservation(cluster: TestCluster): Promise<{ id: string; state: string } | null> {
  return withClient(stowage.database.url, async (client) => {
    const { rows } = await client.query<{ reservation: { id: string; state: string } | null }>(
      `select reservation from cluster_schedules where cluster_id = $1`,
      [cluster.id],
    );
    return rows[0]?.reservation ?? null;
  });
}

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
    ...(below(8) === 0 ? { policy: { reserveAfterSeconds: below(2) === 0 ? null : 0 } } : {}),
    ...(below(8) === 0 ? { cordoned: below(2) === 0 } : {}),
  };
}

interface Question {
  ended: string[];
  deployments: Record<string, unknown>[];
  changes: { id: string; priority: number }[];
  capacity?: { cpu: number; gpu: number };
  policy?: { reserveAfterSeconds: number | null };
  cordoned?: boolean;
}

function aRequest(random: Random): Record<string, unknown> {
  const below = (most: number): number => random.integer(0, most - 1);
  return {
    priority: 40 + 10 * below(3),
    resources: { cpu: below(6), memoryMib: 1, gpu: below(4) },
    ...(below(2) === 0 ? {} : { maxRuntimeSeconds: 36_000 * (1 + below(2)) }),
  };
}

/** Does what was only thought of. @returns the ids of what was submitted */
async function makeReal(cluster: TestCluster, question: Question): Promise<string[]> {
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
  return deployments.length === 0 ? [] : cluster.submitBatch(deployments);
}

it(`what if is what then happens: ${TURNS} random changes made real, one after the other`, async () => {
  const random = Random.of('what if is what then happens');
  const cluster = await TestCluster.create(team, { cpu: 20, gpu: 8 });
  await cluster.submitBatch(Array.from({ length: 30 }, () => aRequest(random)));
  await passes.runUntilSettled(cluster.id);
  let started = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const before = await alive(cluster);
    const question = aChange(random, before);
    const answer = await team.viewer.post<Answer>(`${cluster.path}/plan`, question);
    if (answer.status !== 200) throw new Error(`asking was answered by ${answer.status}: ${answer.text}`);
    const told = answer.body;
    const added = await makeReal(cluster, question);
    await passes.run(cluster.id);
    const after = await alive(cluster);
    const starts = [...after].flatMap(([id, status]) =>
      status === 'scheduled' && before.get(id) !== status ? [id] : [],
    );
    const where = `turn ${turn}: ${JSON.stringify(question)}`;
    expect([where, starts.filter((id) => !added.includes(id)).sort()]).toEqual([where, [...told.starts].sort()]);
    expect([where, added.filter((id) => starts.includes(id)).length]).toEqual([
      where,
      told.deployments.reduce((sum, fate) => sum + fate.starts, 0),
    ]);
    expect([where, starts.length]).toEqual([where, told.placed.after]);
    expect([where, told.changes.map(({ id, starts: count }) => [id, count])]).toEqual([
      where,
      question.changes.map(({ id }) => [id, starts.includes(id) ? 1 : 0]),
    ]);
    const stands = await reservation(cluster);
    const real = new Map(told.deployments.map(({ id }, index) => [id, added[index]]));
    const promised = told.reservation.after?.deploymentId;
    expect([where, stands?.id, stands?.state]).toEqual([
      where,
      real.get(promised ?? '') ?? promised,
      told.reservation.after?.state,
    ]);
    started += starts.length;
    await passes.runUntilSettled(cluster.id);
  }
  expect(started).toBeGreaterThan(0);
}, 600_000);
