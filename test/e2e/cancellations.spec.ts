import { describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aMember, aTeam, type Person } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Cancelled {
  matched: number;
  notOwned: number;
  cancelled: number;
  sample: string[];
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a cancellation in bulk', () => {
  const cordoned = async (): Promise<TestCluster> => {
    const cluster = await TestCluster.create(team, { cpu: 1_000 });
    await cluster.cordon();
    return cluster;
  };

  const cancel = (
    cluster: TestCluster,
    filter: unknown,
    dryRun = false,
    by: Person = team.developer,
  ): Promise<Answer<Cancelled>> => by.post<Cancelled>(`${cluster.path}/deployments/cancel`, { filter, dryRun });

  const namesLeft = (cluster: TestCluster): Promise<string[]> =>
    withClient(stowage.database.url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `select name from deployments where cluster_id = $1 and ended_at is null order by name`,
        [cluster.id],
      );
      return rows.map(({ name }) => name);
    });

  it('cancels the matches of a filter; a dry run only counts matches and names a few', async () => {
    const cluster = await cordoned();
    const [first = '', second = ''] = await cluster.submitBatch([
      { name: 'a-1', priority: 10, labels: { team: 'vision' } },
      { name: 'a-2', priority: 20, labels: { team: 'vision', env: 'test' } },
      { name: 'b-1', priority: 30, labels: { team: 'speech' } },
      { name: 'b-2', priority: 40 },
      { name: 'c%1', priority: 50 },
    ]);
    const cases: [filter: unknown, matched: number][] = [
      [{}, 5],
      [{ status: ['queued'] }, 5],
      [{ status: ['running', 'retrying', 'succeeded'] }, 0],
      [{ status: ['succeeded'] }, 0],
      [{ label: 'team=vision' }, 2],
      [{ label: 'team=vision,!env' }, 1],
      [{ label: 'team!=vision' }, 3],
      [{ namePrefix: 'b' }, 2],
      [{ namePrefix: '%' }, 0],
      [{ namePrefix: 'c%' }, 1],
      [{ minPriority: 20, maxPriority: 30 }, 2],
      [{ minPriority: 30, maxPriority: 20 }, 0],
      [{ submittedBy: team.developer.id }, 5],
      [{ submittedBy: team.admin.id }, 0],
      [{ queuedBefore: '2020-01-01T00:00:00Z' }, 0],
      [{ queuedFrom: '2020-01-01T00:00:00Z' }, 5],
    ];
    const heard = await Promise.all(cases.map(async ([filter]) => (await cancel(cluster, filter, true)).body));
    expect(heard).toEqual(
      cases.map(([, matched]) => ({ matched, notOwned: 0, cancelled: 0, stopping: 0, sample: expect.any(Array) })),
    );
    expect(heard.map(({ sample }) => new Set(sample).size)).toEqual(cases.map(([, matched]) => matched));
    const { sample } = (await cancel(cluster, { label: 'team=vision' }, true)).body;
    expect(sample.toSorted()).toEqual([first, second].toSorted());
    expect(await namesLeft(cluster)).toHaveLength(5);

    expect((await cancel(cluster, { label: 'team', maxPriority: 20 })).body).toEqual({
      matched: 2,
      notOwned: 0,
      cancelled: 2,
      stopping: 0,
      sample: [],
    });
    expect(await namesLeft(cluster)).toEqual(['b-1', 'b-2', 'c%1']);
    expect((await cancel(cluster, { label: 'team', maxPriority: 20 })).body).toEqual({
      matched: 0,
      notOwned: 0,
      cancelled: 0,
      stopping: 0,
      sample: [],
    });
    expect(await cluster.read()).toMatchObject({ queue: { queued: 3 } });
    expect((await cancel(cluster, {})).body.cancelled).toBe(3);
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 0);
  });

  it('matches a name prefix with given names only', async () => {
    const cluster = await cordoned();
    const named = await cluster.submit({ name: 'nginx-1' });
    await cluster.submit({ image: 'nginx' });
    const filter = { namePrefix: 'nginx' };
    expect((await cancel(cluster, filter, true)).body).toMatchObject({ matched: 1, sample: [named] });
    expect((await cancel(cluster, filter)).body.cancelled).toBe(1);
    expect(await namesLeft(cluster)).toEqual([expect.stringMatching(/^nginx~/)]);
  });

  it('cancels running deployments and those between two attempts, and releases their resources', async () => {
    const cluster = await TestCluster.create(team, { cpu: 10 });
    const ids = await cluster.submitBatch(Array.from({ length: 12 }, () => ({ maxRetries: 1 })));
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 10 && queue.queued === 2);
    const started = (await Promise.all(ids.map((id) => cluster.deployment(id)))).filter(
      ({ status }) => status === 'scheduled',
    );
    await team.admin.post(`${cluster.deploymentPath(started[0]?.id ?? '')}/start`, {});
    await cluster.cordon();
    await team.admin.post(`${cluster.deploymentPath(started[1]?.id ?? '')}/complete`, { outcome: 'failed' });
    const { body } = await cancel(cluster, {});
    expect(body).toMatchObject({ matched: 12, notOwned: 0, cancelled: 12 });
    await eventually(cluster.read.bind(cluster), ({ allocated, queue }) => allocated.cpu === 0 && queue.queued === 0);
  });

  it('cancels only own deployments for developers, and counts the others', async () => {
    const cluster = await cordoned();
    const colleague = await aMember(team);
    const mine = await cluster.submit({ name: 'mine' });
    await cluster.submit({ name: 'theirs' }, colleague);
    const dry = (await cancel(cluster, {}, true)).body;
    expect(dry).toEqual({ matched: 1, notOwned: 1, cancelled: 0, stopping: 0, sample: [mine] });
    expect((await cancel(cluster, { submittedBy: colleague.id })).body).toMatchObject({
      matched: 0,
      notOwned: 1,
      cancelled: 0,
    });
    expect((await cancel(cluster, {})).body).toMatchObject({ matched: 1, notOwned: 1, cancelled: 1 });
    expect(await namesLeft(cluster)).toEqual(['theirs']);
    expect((await cancel(cluster, {}, false, team.viewer)).status).toBe(403);
    const { body } = await cancel(cluster, {}, false, team.admin);
    expect(body).toMatchObject({ matched: 1, notOwned: 0, cancelled: 1 });
  });

  it('records one audit entry with the filter and the matches, and none when nothing was cancelled', async () => {
    const cluster = await cordoned();
    await cluster.submitBatch(Array.from({ length: 2_100 }, () => ({ labels: { run: 'night' } })));
    const filter = { label: 'run in (night)', maxPriority: 60 };
    await cancel(cluster, filter, true);
    await cancel(cluster, { label: 'run=day' });
    expect((await cancel(cluster, filter)).body.cancelled).toBe(2_100);
    await cancel(cluster, filter);
    const { body } = await team.admin.get<{ items: unknown[] }>(
      `${team.path}/audit?targetId=${cluster.id}&action=deployments_cancel`,
    );
    expect(body.items).toEqual([
      expect.objectContaining({
        actor: expect.objectContaining({ kind: 'user', id: team.developer.id }) as unknown,
        target: { kind: 'cluster', id: cluster.id, name: expect.stringContaining('pool') as unknown },
        before: null,
        after: { filter, matched: 2_100 },
      }),
    ]);
  });

  it('cancels thousands in steps, beside the same request, and counts each one once', async () => {
    const cluster = await cordoned();
    for (let batch = 0; batch < 2; batch++) {
      await cluster.submitBatch(Array.from({ length: 2_500 }, (_, index) => ({ priority: index % 101 })));
    }
    const answers = await Promise.all([cancel(cluster, {}), cancel(cluster, {}, false, team.admin)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.reduce((sum, { body }) => sum + body.cancelled, 0)).toBe(5_000);
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 0);
    expect(await namesLeft(cluster)).toEqual([]);
  });

  it('leaves deployments that no longer match, and retries locked ones until they are free', async () => {
    const cluster = await cordoned();
    const [held = '', free = ''] = await cluster.submitBatch([{ name: 'held' }, { name: 'free' }]);
    await withClient(stowage.database.url, async (client) => {
      await client.query('begin');
      await client.query(`update deployments set priority = priority, labels = '{"keep": "yes"}' where id = $1`, [
        held,
      ]);
      const cancelling = cancel(cluster, { label: '!keep' });
      await eventually(
        () => cluster.deployment(free),
        ({ status }) => status === 'cancelled',
      );
      await client.query('commit');
      expect((await cancelling).body).toMatchObject({ matched: 2, notOwned: 0, cancelled: 1 });
    });
    expect((await cluster.deployment(held)).status).toBe('queued');
    await cluster.cancel(held);
  });
});
