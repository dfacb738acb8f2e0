import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer, linesOf } from '../support/api-client.js';
import { aDeployment, type DeploymentBody, TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { EventReader } from '../support/event-reader.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

interface Shown extends DeploymentBody {
  readonly retries: number;
  readonly preemptions: number;
  readonly stopping: { cause: string; outcome: string; since: string; until: string } | null;
  readonly code?: string;
  readonly deploymentStatus?: string;
}

interface Event {
  readonly type: string;
  readonly cause: string;
  readonly at: string;
  readonly until: string | null;
  readonly actorId: string | null;
  readonly preemption: { priority: number | null; lostSeconds: number | null } | null;
}

const GRACE_SECONDS = 600;

describe('a deployment that runs and is to stop', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;
  /** The token of a service account that may report, and nothing else. */
  let runtime: string;

  beforeAll(async () => {
    stowage = await Stowage.start({ STOWAGE_LIMIT_CLUSTERS: '20' });
    team = await aTeam(stowage.client);
    cluster = await granting(GRACE_SECONDS);
    const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'runtime',
      scope: 'runtime',
    });
    const tokens = `${team.path}/service-accounts/${account.body.id}/tokens`;
    runtime = (await team.admin.post<{ token: string }>(tokens, { name: 'token' })).body.token;
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  async function granting(stopGraceSeconds: number): Promise<TestCluster> {
    const made = await TestCluster.create(team, { cpu: 8 });
    await team.admin.patch(made.path, { policy: { stopGraceSeconds } });
    return made;
  }

  const read = async (id: string): Promise<Shown> => (await team.viewer.get<Shown>(cluster.deploymentPath(id))).body;

  const becomes = (id: string, status: string, attempt = 1): Promise<Shown> =>
    eventually(
      () => read(id),
      (shown) => shown.status === status && shown.attempt === attempt,
    );

  const scheduled = async (fields: Readonly<Record<string, unknown>> = {}, where = cluster): Promise<string> => {
    const id = await where.submit(fields);
    await becomes(id, 'scheduled');
    return id;
  };

  /** What a runtime does. */
  const say = (id: string, action: 'start' | 'complete', body: unknown = {}): Promise<Answer<Shown>> =>
    stowage.client.post<Shown>(`${cluster.deploymentPath(id)}/${action}`, { token: runtime, body });

  const running = async (fields: Readonly<Record<string, unknown>> = {}, where = cluster): Promise<string> => {
    const id = await scheduled(fields, where);
    expect((await say(id, 'start', { attempt: 1 })).body.status).toBe('running');
    return id;
  };

  const cancel = (id: string): Promise<Answer<Shown>> => team.developer.post(`${cluster.deploymentPath(id)}/cancel`);

  const change = (sql: string, id: string): Promise<unknown> =>
    withClient(stowage.database.url, (client) => client.query(sql, [id]));

  /** As if the time of a deployment had come: of its runtime, or of its grace. */
  const hurry = (id: string): Promise<unknown> => change(`update deployments set due_at = now() where id = $1`, id);

  const outOfTime = async (where = cluster): Promise<string> => {
    const id = await running({ maxRuntimeSeconds: 86_400 }, where);
    await hurry(id);
    await becomes(id, 'stopping');
    return id;
  };

  /** As if it had been asked to stop for somebody else's sake, and not because somebody has cancelled it. */
  const givingWay = async (fields: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const id = await running(fields);
    await cancel(id);
    await change(`update deployments set stop_cause = 'preempted', stop_outcome = 'queued' where id = $1`, id);
    return id;
  };

  const eventsOf = async (id: string): Promise<Event[]> =>
    (await team.viewer.get<{ items: Event[] }>(`${cluster.deploymentPath(id)}/events?limit=100`)).body.items;

  const storyOf = async (id: string): Promise<string[]> =>
    (await eventsOf(id)).slice(2).map(({ type, cause }) => `${type.replace('deployment.', '')}: ${cause}`);

  it('keeps its resources until its runtime reports, whatever it reports, and is then what it was to be', async () => {
    const id = await running({ maxRetries: 3 });
    const { status, body } = await cancel(id);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        status: 'stopping',
        endedAt: null,
        releasedAt: null,
        stopping: { cause: 'cancelled', outcome: 'cancelled' },
      },
    });
    const { since = '', until = '' } = body.stopping ?? {};
    expect(Date.parse(until) - Date.parse(since)).toBeCloseTo(GRACE_SECONDS * 1_000, -2);
    expect((await cluster.read()).allocated.cpu).toBe(1);
    expect((await cancel(id)).body).toEqual(body);
    expect((await say(id, 'start', { attempt: 1 })).body).toEqual(body);

    expect((await say(id, 'complete', { outcome: 'failed', attempt: 2 })).body.code).toBe('DEPLOYMENTS.STALE_ATTEMPT');
    const report = { outcome: 'failed', attempt: 1, message: 'exit code 143' };
    const ended = await say(id, 'complete', report);
    expect(ended).toMatchObject({
      status: 200,
      body: { status: 'cancelled', stopping: null, retries: 0, message: 'exit code 143' },
    });
    const settled = await eventually(
      () => read(id),
      ({ releasedAt }) => releasedAt !== null,
    );
    expect(await say(id, 'complete', report)).toMatchObject({ status: 200, body: settled });
    expect(await say(id, 'complete', { outcome: 'succeeded' })).toMatchObject({
      status: 409,
      body: { code: 'DEPLOYMENTS.INVALID_STATE', deploymentStatus: 'cancelled' },
    });
    expect(await storyOf(id)).toEqual(['running: started', 'stopping: cancelled', 'cancelled: reported']);
  });

  it('is cancelled by a pass when its grace is over, and a later report is refused', async () => {
    const short = await granting(1);
    const id = await running({}, short);
    expect((await cancel(id)).body.status).toBe('stopping');
    await becomes(id, 'cancelled');
    expect((await say(id, 'complete', { outcome: 'succeeded' })).body.code).toBe('DEPLOYMENTS.INVALID_STATE');
    expect(await storyOf(id)).toEqual(['running: started', 'stopping: cancelled', 'cancelled: grace-over']);
    await eventually(short.read.bind(short), ({ allocated }) => allocated.cpu === 0);
  });

  it('because it is out of time is timed out after that, unless somebody cancels it meanwhile', async () => {
    const [reported, waited, cancelled] = [await outOfTime(), await outOfTime(), await outOfTime()];
    expect(await read(reported)).toMatchObject({ stopping: { cause: 'max-runtime', outcome: 'timed_out' } });
    expect((await say(reported, 'complete', { outcome: 'succeeded' })).body.status).toBe('timed_out');
    expect((await say(reported, 'complete', { outcome: 'succeeded' })).status).toBe(200);
    expect(await storyOf(reported)).toEqual(['running: started', 'stopping: max-runtime', 'timed_out: reported']);

    const before = await read(cancelled);
    const after = (await cancel(cancelled)).body;
    expect(after.stopping).toEqual({ ...before.stopping, outcome: 'cancelled' });
    const told = await team.viewer.get<{ sentence: string }>(`${cluster.deploymentPath(cancelled)}/explanation`);
    expect(told.body.sentence).toMatch(
      /its runtime was asked .* to stop it, because it has run for as long as it may\. .*, it is cancelled\.$/,
    );
    expect((await say(cancelled, 'complete', { outcome: 'failed' })).body.status).toBe('cancelled');
    expect(await storyOf(cancelled)).toEqual([
      'running: started',
      'stopping: max-runtime',
      'cancelled-meanwhile: cancelled-meanwhile',
      'cancelled: reported',
    ]);

    await hurry(waited);
    await becomes(waited, 'timed_out');
    expect((await storyOf(waited)).at(-1)).toBe('timed_out: grace-over');
    expect((await cluster.passes()).some(({ timedOut }) => timedOut === 1)).toBe(true);
  });

  it('is asked by an event of the stream, which says why and by when', async () => {
    const reader = await EventReader.open(
      `${stowage.client.url}${team.path}/events?clusterId=${cluster.id}&status=stopping`,
      runtime,
    );
    await eventually(
      () => Promise.resolve(reader.lastId),
      (id) => id !== undefined,
    );
    const id = await running();
    await cancel(id);
    const [heard] = await reader.until(1);
    reader.close();
    expect(heard?.data).toMatchObject({
      type: 'deployment.stopping',
      deploymentId: id,
      attempt: 1,
      from: 'running',
      to: 'stopping',
      cause: 'cancelled',
      actorId: team.developer.id,
      until: (await read(id)).stopping?.until,
      preemption: null,
    });
    await say(id, 'complete', { outcome: 'failed' });
    expect((await eventsOf(id)).map(({ until }) => until !== null)).toEqual([false, false, false, true, false]);
  });

  it('ends at once where nobody has reported its start, and where the cluster grants no time', async () => {
    const ungranting = await granting(0);
    const fresh = await scheduled();
    const timed = await scheduled({ maxRuntimeSeconds: 86_400 });
    const hasty = await running({}, ungranting);
    expect((await cancel(fresh)).body.status).toBe('cancelled');
    expect((await cancel(hasty)).body.status).toBe('cancelled');
    await hurry(timed);
    await becomes(timed, 'timed_out');
    // What the policy says at that moment counts: not what it said when it started.
    const later = await running({}, ungranting);
    await team.admin.patch(ungranting.path, { policy: { stopGraceSeconds: 5 } });
    expect((await cancel(later)).body.status).toBe('stopping');
    await say(later, 'complete', { outcome: 'failed' });
  });

  it('is among what is cancelled, reported and listed in bulk', async () => {
    const pool = await granting(GRACE_SECONDS);
    const runs = [await running({}, pool), await running({}, pool)];
    const late = await outOfTime(pool);
    const other = await scheduled({}, pool);
    const path = `${pool.path}/deployments/cancel`;
    const statuses = async (filter: string): Promise<string[]> => {
      const list = `${team.path}/deployments?clusterId=${pool.id}&status=${filter}`;
      return (await team.viewer.get<{ items: Shown[] }>(list)).body.items.map(({ id }) => id).sort();
    };
    expect(await statuses('stopping')).toEqual([late]);
    expect((await team.developer.post(path, { filter: {}, dryRun: true })).body).toMatchObject({
      matched: 4,
      cancelled: 0,
      stopping: 0,
    });
    expect((await team.developer.post(path, { filter: { status: ['stopping', 'running'] } })).body).toMatchObject({
      matched: 3,
      notOwned: 0,
      cancelled: 3,
      stopping: 3,
    });
    expect((await team.developer.post(path, { filter: {} })).body).toMatchObject({
      matched: 1,
      cancelled: 1,
      stopping: 0,
    });
    expect((await team.developer.post(path, { filter: {} })).body).toMatchObject({ matched: 0, cancelled: 0 });
    expect(await statuses('stopping')).toEqual([...runs, late].sort());
    expect(await statuses('cancelled')).toEqual([other]);

    const [first = '', second = ''] = runs;
    const answer = await stowage.client.post<{ results: { problem?: { code: string } }[] }>(
      `${pool.path}/deployments/complete`,
      {
        token: runtime,
        body: {
          reports: [
            { id: first, outcome: 'failed', attempt: 1 },
            { id: first, outcome: 'failed', attempt: 1 },
            { id: first, outcome: 'succeeded', attempt: 1 },
            { id: second, outcome: 'succeeded', attempt: 2 },
            { id: second, outcome: 'succeeded', attempt: 1 },
            { id: late, outcome: 'failed' },
          ],
        },
      },
    );
    expect(answer.body.results.map(({ problem }) => problem?.code ?? 'accepted')).toEqual([
      'accepted',
      'accepted',
      'DEPLOYMENTS.INVALID_STATE',
      'DEPLOYMENTS.STALE_ATTEMPT',
      'accepted',
      'accepted',
    ]);
    expect(await statuses('cancelled')).toEqual([...runs, late, other].sort());
    await eventually(pool.read.bind(pool), ({ allocated }) => allocated.cpu === 0);
  });

  it('keeps its cluster and its organization from being deleted, until it has stopped', async () => {
    const others = await aTeam(stowage.client);
    const pool = await TestCluster.create(others, { cpu: 1 });
    await others.admin.patch(pool.path, { policy: { stopGraceSeconds: GRACE_SECONDS } });
    const id = await pool.submit();
    await eventually(
      () => pool.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    await others.admin.post(`${pool.deploymentPath(id)}/start`);
    await others.admin.post(`${pool.path}/drain`);
    expect((await pool.cancel(id)).body.status).toBe('stopping');
    expect(await others.admin.delete(pool.path)).toMatchObject({
      status: 409,
      body: { code: 'CLUSTERS.NOT_EMPTY', allocated: { cpu: 1 } },
    });
    expect((await others.admin.delete(others.path)).status).toBe(409);
    expect((await pool.complete(id)).body.status).toBe('cancelled');
    await eventually(pool.read.bind(pool), ({ allocated }) => allocated.cpu === 0);
    expect((await others.admin.delete(pool.path)).status).toBe(204);
  });

  it('for a higher priority comes back to the queue with its age when it has stopped, and tells what that cost', async () => {
    const pause = `update deployments set scheduled_at = scheduled_at - interval '100 seconds', queued_at = queued_at - interval '100 seconds' where id = $1`;
    const [reported, waited] = [await givingWay({ maxRetries: 1 }), await givingWay()];
    const before = await read(reported);
    expect(before.stopping).toMatchObject({ cause: 'preempted', outcome: 'queued' });
    await change(pause, reported);
    const said = await say(reported, 'complete', { outcome: 'failed', attempt: 1, message: 'yielded' });
    expect(said).toMatchObject({ status: 200, body: { retries: 0, message: 'yielded' } });
    const again = await becomes(reported, 'scheduled', 2);
    expect(Date.parse(before.queuedAt) - Date.parse(again.queuedAt)).toBe(100_000);
    expect(again).toMatchObject({ retries: 0, startedAt: null, stopping: null });
    expect((await say(reported, 'complete', { outcome: 'failed', attempt: 1 })).body.code).toBe(
      'DEPLOYMENTS.STALE_ATTEMPT',
    );
    expect((await storyOf(reported)).slice(2)).toEqual(['reported: reported', 'queued: stopped', 'scheduled: placed']);
    const lost = (await eventsOf(reported)).find(({ cause }) => cause === 'stopped')?.preemption?.lostSeconds ?? 0;
    expect(lost).toBeGreaterThanOrEqual(100);
    expect(lost).toBeLessThan(200);

    await hurry(waited);
    await becomes(waited, 'scheduled', 2);
    expect((await storyOf(waited)).slice(2)).toEqual(['queued: grace-over', 'scheduled: placed']);
    await Promise.all([cancel(reported), cancel(waited)]);
  });

  it('for a higher priority is what it says it is when it is done, or what somebody who cancels it wants', async () => {
    const done = await givingWay();
    expect((await say(done, 'complete', { outcome: 'succeeded' })).body.status).toBe('succeeded');
    expect((await say(done, 'complete', { outcome: 'succeeded' })).status).toBe(200);
    expect((await cancel(done)).body.code).toBe('DEPLOYMENTS.INVALID_STATE');

    const unwanted = await givingWay();
    expect((await cancel(unwanted)).body).toMatchObject({
      status: 'stopping',
      stopping: { cause: 'preempted', outcome: 'cancelled' },
    });
    expect((await say(unwanted, 'complete', { outcome: 'succeeded' })).body.status).toBe('cancelled');
  });

  it('and is cancelled while its runtime reports becomes one thing, which both are told or refused', async () => {
    const race = async (round: number): Promise<void> => {
      const id = await (round % 2 === 0 ? outOfTime() : givingWay());
      const [cancelled, reported] = await Promise.all([cancel(id), say(id, 'complete', { outcome: 'succeeded' })]);
      expect(reported.status).toBe(200);
      const { status } = await read(id);
      const inTime = round % 2 === 0 ? 'timed_out' : 'succeeded';
      expect([cancelled.status, status]).toEqual(cancelled.status === 200 ? [200, 'cancelled'] : [409, inTime]);
      expect(reported.body.status).toBe(status);
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(race));
  });
});

describe('whether a deployment may be preempted', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await stowage.stop();
  });

  it('is what its submitter says, and else what the cluster has for its priority', async () => {
    const cluster = await TestCluster.create(team, { cpu: 8 });
    const cases = [
      { priority: 19 },
      { priority: 20 },
      { priority: 19, preemptible: false },
      { priority: 20, preemptible: true },
      {},
    ];
    const asLines = async (): Promise<string[]> => {
      const answer = await stowage.client.post(`${cluster.path}/deployments/batch`, {
        token: team.developer.token,
        rawBody: cases.map((fields) => JSON.stringify(aDeployment(fields))).join('\n'),
        headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' },
      });
      return linesOf<{ id?: string }>(answer.text).flatMap(({ id }) => id ?? []);
    };
    /** Of each case as one of a batch, as a line, and alone. */
    const answers = async (): Promise<boolean[]> => {
      const ids = [...(await cluster.submitBatch(cases)), ...(await asLines())];
      for (const fields of cases) ids.push(await cluster.submit(fields));
      const shown = await Promise.all(
        ids.map((id) => team.viewer.get<{ preemptible: boolean }>(cluster.deploymentPath(id))),
      );
      return shown.map(({ body }) => body.preemptible);
    };
    const asked = [false, false, false, true, false];
    expect(await answers()).toEqual([...asked, ...asked, ...asked]);

    await team.admin.patch(cluster.path, { policy: { preemptibleBelowPriority: 20 } });
    const decided = [true, false, false, true, false];
    expect(await answers()).toEqual([...decided, ...decided, ...decided]);

    // What is given where no priority is asked for counts as well.
    await team.admin.patch(cluster.path, { policy: { defaultPriority: 10 } });
    expect((await answers()).at(-1)).toBe(true);
    await team.admin.patch(cluster.path, { policy: { preemptibleBelowPriority: null } });
    expect((await answers()).at(-1)).toBe(false);
  });
});
