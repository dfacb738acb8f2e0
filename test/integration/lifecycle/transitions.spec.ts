import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';

import { TRANSITIONS } from '#deployments';

import { TestCluster } from '../../support/clusters.js';
import { brokenLaws } from '../../support/invariants.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { aTeam, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { Stowage } from '../../support/stowage.js';
import { type Act, anAct, type Expected, Machine, PLACES } from './machine.js';

interface Shown {
  status: string;
  attempt: number;
  retries: number;
  priority: number;
  releasedAt: string | null;
  stopping: { outcome: string } | null;
}

/** Every move that the table has, as an event tells it. */
const MOVES: readonly string[] = Object.values(TRANSITIONS).flatMap(({ from, to, cause, by }) =>
  (from.length === 0 ? ['nothing'] : from).map((status) => `${status} -> ${to}: ${cause}, by a ${by}`),
);

/** The longest there is: only what a test hurries is over. */
const GRACE = { stopGraceSeconds: 86_400 };

/** Acts of a history that is written down. */
const queued = { kind: 'submit', maxRetries: 0, priority: 1 } as const;
const retried = { ...queued, maxRetries: 1 };
const pass = { kind: 'pass' } as const;
const fail = (at: number): Act => ({ kind: 'complete', at, attempt: null, outcome: 'failed' });
const start = (at: number): Act => ({ kind: 'start', at, attempt: null });
const cancel = (at: number): Act => ({ kind: 'cancel', at });
const due = (at: number): Act => ({ kind: 'time-passes', at });
const succeed = (at: number): Act => ({ kind: 'complete', at, attempt: 1, outcome: 'succeeded' });

describe('the states of deployments', () => {
  let stowage: Stowage;
  let passes: ManualPasses;
  let team: Team;
  let client: Client;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0, STOWAGE_LIMIT_CLUSTERS: '200' });
    passes = await ManualPasses.of(stowage);
    team = await aTeam(stowage.client);
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await passes.stop();
    await stowage.stop();
  });

  /** Time stands still but for what is hurried: what is due by the real clock happens at no pass. */
  const stopTheClock = (cluster: TestCluster): Promise<unknown> =>
    client.query(
      `update deployments set due_at = now() + interval '1 day' where cluster_id = $1 and due_at > '2000-01-01' and stop_report is null`,
      [cluster.id],
    );

  const hurry = (id: string): Promise<unknown> =>
    client.query(`update deployments set due_at = '1999-01-01' where id = $1 and due_at is not null`, [id]);

  /** As if a pass had preempted a running deployment for a higher priority. */
  const giveWay = (id: string): Promise<unknown> =>
    client.query(
      `with d as (
         update deployments
         set status = 'stopping', version = version + 1, preemptions = preemptions + 1, stop_cause = 'preempted',
             stop_outcome = 'queued', stop_asked_at = greatest(now(), started_at), due_at = now() + interval '1 day'
         where id = $1 and status = 'running' returning *
       ), by as (
         update passes set preempted = preempted + 1
         where id = (select p.id from passes p join d on d.cluster_id = p.cluster_id limit 1) returning id
       )
       insert into deployment_events (organization_id, deployment_id, sequence, cluster_id, attempt, from_status, to_status,
                                      cause, pass_id, at, until, preemptor_id, preemptor_priority)
       select organization_id, d.id, version, cluster_id, attempt, 'running', status, 'preempted', by.id, now(), due_at,
              gen_random_uuid(), 100
       from d cross join by`,
      [id],
    );

  const aCluster = async (cpu: number, policy: Readonly<Record<string, unknown>> = {}): Promise<TestCluster> => {
    const cluster = await TestCluster.create(team, { cpu });
    await team.admin.patch(cluster.path, { policy });
    return cluster;
  };

  const submit = (cluster: TestCluster, fields: Readonly<Record<string, unknown>>): Promise<string> =>
    cluster.submit({ maxRuntimeSeconds: 86_400, queueTimeoutSeconds: 86_400, ...fields });

  /** Does what an act says. @returns whether it was accepted */
  const perform = async (cluster: TestCluster, ids: string[], machine: Machine, act: Act): Promise<boolean> => {
    const id = 'at' in act ? (ids[machine.placeOf(act.at) ?? -1] ?? '') : '';
    if ('at' in act && id === '') return true;
    const post = async (path: string, body: unknown): Promise<boolean> => {
      const { status, text } = await team.admin.post(path, body);
      if (![200, 409].includes(status)) throw new Error(`${path} was answered by ${status}: ${text}`);
      return status === 200;
    };
    const attempt = 'attempt' in act && act.attempt !== null ? { attempt: act.attempt } : {};
    switch (act.kind) {
      case 'submit':
        ids.push(await submit(cluster, { maxRetries: act.maxRetries, priority: act.priority }));
        return true;
      case 'start':
        return post(`${cluster.deploymentPath(id)}/start`, attempt);
      case 'complete':
        return post(`${cluster.deploymentPath(id)}/complete`, { outcome: act.outcome, ...attempt });
      case 'cancel':
        return post(`${cluster.deploymentPath(id)}/cancel`, {});
      case 'give-way':
        if (machine.hasGrace) await giveWay(id);
        return true;
      case 'edit':
        return (await team.admin.patch(cluster.deploymentPath(id), { priority: act.priority })).status === 200;
      case 'cancel-all':
        return post(`${cluster.path}/deployments/cancel`, { filter: { status: act.statuses } });
      case 'fail-all':
        if (ids.length === 0) return true;
        return post(`${cluster.path}/deployments/complete`, {
          reports: ids.map((one) => ({ id: one, outcome: 'failed' })),
        });
      case 'time-passes':
        await hurry(id);
        return true;
      case 'pass':
        await passes.run(cluster.id);
        return true;
    }
  };

  const shown = async (cluster: TestCluster): Promise<Shown[]> => {
    const path = `${team.path}/deployments?clusterId=${cluster.id}&limit=100`;
    return (await team.viewer.get<{ items: Shown[] }>(path)).body.items.toReversed();
  };

  const stateOf = ({ status, attempt, retries, priority, isReleased, stop }: Expected): unknown => ({
    status,
    stops: status === 'stopping' ? stop?.outcome : undefined,
    attempt,
    retries,
    priority,
    // Before an attempt has held anything there is nothing to release.
    isReleased: status === 'queued' ? false : isReleased,
  });

  const movesOf = async (clusterIds: readonly string[]): Promise<string[]> => {
    const { rows } = await client.query<{ move: string }>(
      `select distinct coalesce(from_status, 'nothing') || ' -> ' || to_status || ': ' || cause || ', by a '
              || case when pass_id is null then 'request' else 'pass' end as move
       from deployment_events where cluster_id = any($1) order by 1`,
      [clusterIds],
    );
    return rows.map(({ move }) => move);
  };

  /** Does the acts one after another, and looks after each whether everything is as the machine says. */
  const follow = async (cluster: TestCluster, acts: readonly Act[], hasGrace = false): Promise<void> => {
    const machine = new Machine(hasGrace);
    const ids: string[] = [];
    for (const [index, act] of acts.entries()) {
      const isAccepted = await perform(cluster, ids, machine, act);
      const what = `${index}: ${JSON.stringify(act)}`;
      expect(`${what} ${machine.apply(act)}`).toBe(`${what} ${isAccepted}`);
      await stopTheClock(cluster);
      const states = (await shown(cluster)).map(({ status, attempt, retries, priority, releasedAt, stopping }) => ({
        status,
        stops: stopping?.outcome,
        attempt,
        retries,
        priority,
        isReleased: releasedAt !== null,
      }));
      expect({ what, states }).toEqual({ what, states: machine.deployments.map(stateOf) });
    }
    expect(await brokenLaws(client)).toEqual([]);
  };

  /** A cluster that is deleted, with what waits there and what is between two attempts. */
  const theDeletedOne = async (): Promise<string> => {
    const doomed = await TestCluster.create(team, { cpu: 1 });
    const retrying = await submit(doomed, { maxRetries: 1 });
    await passes.run(doomed.id);
    await team.admin.post(`${doomed.deploymentPath(retrying)}/complete`, { outcome: 'failed' });
    await stopTheClock(doomed);
    await doomed.cordon();
    await submit(doomed, {});
    await passes.run(doomed.id);
    await team.admin.post(`${doomed.path}/drain`);
    expect((await team.admin.delete(doomed.path)).status).toBe(204);
    expect(await brokenLaws(client)).toEqual([]);
    return doomed.id;
  };

  /** A cluster where a higher priority starts in the place of what is scheduled, and of what runs. */
  const theWantedOne = async (): Promise<string> => {
    const wanted = await aCluster(PLACES, { preemption: 'lower-priority', preemptAfterSeconds: 0 });
    const [runs] = [
      await submit(wanted, { priority: 1, preemptible: true }),
      await submit(wanted, { priority: 1, preemptible: true }),
    ];
    await passes.run(wanted.id);
    await team.admin.post(`${wanted.deploymentPath(runs)}/start`);
    const first = await submit(wanted, { priority: 9, resources: { cpu: PLACES, memoryMib: 1 } });
    await passes.run(wanted.id);
    expect((await wanted.deployment(first)).status).toBe('scheduled');
    expect(await brokenLaws(client)).toEqual([]);
    return wanted.id;
  };

  it('follows the table and nothing else, for random requests in any order', async () => {
    const { seed } = Random.of('transitions');
    const clusters: string[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.array(anAct, { minLength: 20, maxLength: 40, size: 'max' }),
        fc.boolean(),
        async (acts, hasGrace) => {
          const cluster = await aCluster(PLACES, hasGrace ? GRACE : {});
          clusters.push(cluster.id);
          await follow(cluster, acts, hasGrace);
        },
      ),
      { seed, numRuns: 20 },
    );
    expect((await movesOf(clusters)).filter((move) => !MOVES.includes(move))).toEqual([]);
  });

  it('uses every transition of the table', async () => {
    const cluster = await TestCluster.create(team, { cpu: PLACES });
    // Two at a time: from scheduled the first, from running the second.
    const pair = (begin: Act, at: number, ...ends: ((at: number) => Act)[]): Act[] => [
      begin,
      begin,
      pass,
      start(at + 1),
      ...ends.flatMap((end) => [end(at), end(at + 1)]),
      pass,
    ];
    await follow(cluster, [
      ...pair(queued, 0, succeed),
      ...pair(queued, 2, fail),
      ...pair(queued, 4, cancel),
      ...pair(queued, 6, due),
      ...pair(retried, 8, fail, due),
      pass,
      pass,
      fail(8),
      fail(9),
      pass,
      ...pair(retried, 10, fail, cancel),
      queued,
      { kind: 'edit', at: 12, priority: 2 },
      cancel(12),
      queued,
      due(13),
      pass,
    ]);
    // With a grace, each from running: ended by a report, and by time.
    const graceful = await aCluster(PLACES, GRACE);
    const giveWayAt = (at: number): Act => ({ kind: 'give-way', at });
    const run = (at: number, ...acts: Act[]): Act[] => [queued, pass, start(at), ...acts];
    await follow(
      graceful,
      [
        ...run(0, cancel(0), fail(0), fail(0), succeed(0), start(0)),
        ...run(1, cancel(1), cancel(1), start(1), due(1), pass, fail(1)),
        ...run(2, due(2), pass, succeed(2), succeed(2), cancel(2)),
        ...run(3, due(3), pass, due(3), pass),
        ...run(4, due(4), pass, cancel(4), { kind: 'complete', at: 4, attempt: 2, outcome: 'failed' }, fail(4)),
        ...run(5, giveWayAt(5), cancel(5), due(5), pass),
        ...run(6, giveWayAt(6), succeed(6), succeed(6), fail(6)),
        ...run(7, giveWayAt(7), fail(7), fail(7), succeed(7), cancel(7)),
        ...run(8, giveWayAt(8), fail(8), pass, fail(8), succeed(8)),
        ...run(9, giveWayAt(9), due(9), pass, { kind: 'cancel-all', statuses: ['stopping', 'scheduled'] }),
        ...run(10, { kind: 'cancel-all', statuses: ['running'] }, { kind: 'cancel-all', statuses: ['stopping'] }),
        { kind: 'fail-all' },
        pass,
      ],
      true,
    );
    const others = [await theDeletedOne(), await theWantedOne()];

    expect(await movesOf([cluster.id, graceful.id, ...others])).toEqual(MOVES.toSorted());
  });
});
