import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext } from '@nestjs/common';
import { Client } from 'pg';

import { Database } from '#database';
import { RuntimeLearning, RuntimeRetention } from '#runtimes';

import { TestCluster } from '../../support/clusters.js';
import { aTeam, type Person, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

interface Quantiles {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

interface Learned {
  readonly image: string;
  readonly memberId: string;
  readonly totalRuns: number;
  readonly recentRuns: number;
  readonly limitedRuns: number;
  readonly seconds: Quantiles;
  readonly declaredShare: Quantiles | null;
}

interface Page {
  readonly items: Learned[];
  readonly nextCursor: string | null;
}

/** Submits a deployment, lets it run for a time that has passed already, and ends it. */
interface Course {
  readonly ranSeconds: number;
  readonly image?: string;
  readonly maxRuntimeSeconds?: number;
  readonly maxRetries?: number;
  readonly ends?: 'succeeded' | 'failed' | 'cancelled' | 'timed_out';
  readonly by?: Person;
}

describe('learned runtimes', () => {
  let stowage: Stowage;
  let worker: INestApplicationContext;
  let client: Client;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    worker = await stowage.addWorker();
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  beforeEach(async () => {
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 100 });
  });

  const run = async ({ ranSeconds, ends = 'succeeded', by, ...fields }: Course, at = cluster): Promise<string> => {
    const id = await at.submit({ image: 'python:3.12', ...fields }, by);
    await eventually(
      () => at.statusOf(id),
      (status) => status === 'scheduled',
    );
    // What is due by its declared runtime is due then.
    await client.query(
      `update deployments set scheduled_at = now() - $2 * interval '1 second', queued_at = now() - ($2 + 1) * interval '1 second',
         due_at = case when max_runtime_seconds > 0 then now() + (max_runtime_seconds - $2) * interval '1 second' end
       where id = $1`,
      [id, ranSeconds],
    );
    if (ends === 'cancelled') await at.cancel(id);
    else if (ends !== 'timed_out') await at.team.admin.post(`${at.deploymentPath(id)}/complete`, { outcome: ends });
    await eventually(
      async () => (await at.deployment(id)).releasedAt,
      (released) => released !== null,
    );
    return id;
  };

  const learned = async (query = '', by: Person = team.viewer): Promise<Learned[]> => {
    const { status, body } = await by.get<Page>(`${team.path}/runtimes${query}`);
    expect(status).toBe(200);
    return body.items;
  };

  it('learns from completed and failed attempts, in seconds and as shares of the declared runtime', async () => {
    for (const ranSeconds of [60, 120, 180, 240]) await run({ ranSeconds, maxRuntimeSeconds: 600 });
    await run({ ranSeconds: 300, maxRuntimeSeconds: 600, ends: 'failed' });
    const [found, ...others] = await learned();
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      image: 'docker.io/library/python',
      memberId: team.developer.id,
      totalRuns: 5,
      recentRuns: 5,
      limitedRuns: 0,
    });
    expect(found?.seconds.p50).toBeGreaterThanOrEqual(180);
    expect(found?.seconds.p50).toBeLessThan(190);
    expect(found?.declaredShare?.p10).toBeCloseTo(0.1, 1);
    expect(found?.declaredShare?.p90).toBeCloseTo(0.5, 1);
  });

  it('learns nothing from cancelled attempts, and counts one that reached its limit with its limit', async () => {
    await run({ ranSeconds: 30, ends: 'cancelled' });
    expect(await learned()).toEqual([]);
    await run({ ranSeconds: 700, maxRuntimeSeconds: 600, ends: 'timed_out' });
    const [found] = await learned();
    expect(found).toMatchObject({ totalRuns: 1, limitedRuns: 1, seconds: { p50: 600 }, declaredShare: { p50: 1 } });
  });

  it('learns each attempt that is retried', async () => {
    await run({ ranSeconds: 100, maxRetries: 1, ends: 'failed' });
    const [found] = await learned();
    expect(found).toMatchObject({ totalRuns: 1, declaredShare: null });
    expect(found?.seconds.p50).toBeGreaterThanOrEqual(100);
  });

  it('separates members and images, and takes versions of an image together', async () => {
    await run({ ranSeconds: 10, image: 'python:3.12' });
    await run({ ranSeconds: 20, image: 'python:3.13' });
    await run({ ranSeconds: 30, image: 'localhost:5000/lab/app:1' });
    await run({ ranSeconds: 40, by: team.admin });
    const all = await learned();
    expect(all.map(({ image, memberId, totalRuns }) => [image, memberId, totalRuns])).toEqual(
      expect.arrayContaining([
        ['docker.io/library/python', team.developer.id, 2],
        ['docker.io/library/python', team.admin.id, 1],
        ['localhost:5000/lab/app', team.developer.id, 1],
      ]),
    );
    expect(all).toHaveLength(3);
    expect(await learned('?image=python')).toHaveLength(2);
    expect(await learned(`?image=python:9&member=${team.admin.id}`)).toHaveLength(1);
    const first = (await team.viewer.get<Page>(`${team.path}/runtimes?limit=2`)).body;
    const rest = (await team.viewer.get<Page>(`${team.path}/runtimes?limit=2&cursor=${String(first.nextCursor)}`)).body;
    expect([...first.items, ...rest.items]).toEqual(all);
    expect(rest.nextCursor).toBeNull();
  });

  it('hides runs of other organizations, and of restricted clusters that a member does not see', async () => {
    const other = await aTeam(stowage.client, 'Other');
    const theirs = await TestCluster.create(other, { cpu: 1 });
    await run({ ranSeconds: 50 }, theirs);
    expect(await learned()).toEqual([]);
    expect((await team.admin.get(`${other.path}/runtimes`)).status).toBe(404);
    await run({ ranSeconds: 60 });
    await team.admin.patch(cluster.path, { access: 'restricted' });
    expect(await learned()).toEqual([]);
    expect(await learned('', team.admin)).toHaveLength(1);
    const { rows } = await client.query(
      `select 1 from learned_runtimes l join clusters c on c.id = l.cluster_id where c.organization_id <> l.organization_id`,
    );
    expect(rows).toEqual([]);
  });

  it('keeps the latest hundred runs, and forgets at the request of an admin, with an entry in the audit log', async () => {
    const tx = worker.get(Database);
    const pass = { organizationId: team.organizationId, clusterId: cluster.id, passId: cluster.id };
    const ended = {
      ...{
        deploymentId: cluster.id,
        attempt: 1,
        endedMsAgo: 0,
        memberId: team.developer.id,
        image: 'a',
        maxRuntimeSeconds: null,
      },
      ...{ cpuMillis: 1, memoryMib: 1, gpuMillis: 0 },
    };
    const learning = worker.get(RuntimeLearning, { strict: false });
    for (const seconds of [10, 20, 30]) {
      const runs = Array.from({ length: 60 }, () => ({ ...ended, ranSeconds: seconds }));
      await tx.transaction((em) => learning.learn(em, pass, runs));
    }
    expect(await learned()).toMatchObject([{ totalRuns: 180, recentRuns: 100, seconds: { p10: 20, p90: 30 } }]);
    expect(await learning.secondsOf(tx.reader(), cluster.id, [ended, { ...ended, gpuMillis: 7 }])).toMatchObject([
      { 0: 20, 99: 30 },
      { 99: 30 },
    ]);

    expect((await team.developer.delete(`${team.path}/runtimes`)).status).toBe(403);
    expect((await team.admin.delete(`${team.path}/runtimes?image=b`)).status).toBe(204);
    expect(await learned()).toHaveLength(1);
    expect((await team.admin.delete(`${team.path}/runtimes?member=${team.developer.id}`)).status).toBe(204);
    expect(await learned()).toEqual([]);
    const entries = (await team.admin.get<{ items: unknown[] }>(`${team.path}/audit?action=runtimes_forget`)).body
      .items;
    expect(entries).toMatchObject([{ before: { memberId: team.developer.id } }, { before: { image: 'b' } }]);
    const { rows } = await client.query('select 1 from learned_runtimes where cluster_id = $1', [cluster.id]);
    expect(rows).toEqual([]);
  });

  it('removes what is too old, what belongs to deleted clusters, and what is too much', async () => {
    const kinds = async (): Promise<string[]> =>
      (
        await client.query<{ kind: string }>(
          'select kind from learned_runtimes where organization_id = $1 order by kind',
          [team.organizationId],
        )
      ).rows.map(({ kind }) => kind);
    await client.query(
      `insert into learned_runtimes (cluster_id, kind, organization_id, runs, total, last_ended_at)
       select $1, 'kind ' || at, $2, '{1}', 1, now() - at * interval '50 days' from generate_series(1, 9) at`,
      [cluster.id, team.organizationId],
    );
    const retention = worker.get(RuntimeRetention, { strict: false });
    await retention.round();
    expect(await kinds()).toEqual([1, 2, 3, 4, 5, 6, 7].map((at) => `kind ${at}`));
    Object.assign(retention, { mostKinds: 2 });
    await retention.round();
    expect(await kinds()).toEqual(['kind 1', 'kind 2']);
    Object.assign(retention, { mostKinds: 20_000 });
    await team.admin.post(`${cluster.path}/drain`);
    expect((await team.admin.delete(cluster.path)).status).toBe(204);
    await retention.round();
    expect(await kinds()).toEqual([]);
  });
});
