import { describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { aTeam, type Person } from '../support/people.js';
import { Random } from '../support/random.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface PageBody {
  items: { id: string; status?: string }[];
  nextCursor: string | null;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('lists', () => {
  const pageOf = async (reader: Person, path: string, query: string): Promise<PageBody> => {
    const answer = await reader.get<PageBody>(`${path}?${query}`);
    if (answer.status !== 200) throw new Error(`${path}?${query} was answered by ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  /** All pages; `between` runs after each. */
  const allPages = async (
    reader: Person,
    path: string,
    query: string,
    between: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<string[][]> => {
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const page: PageBody = await pageOf(reader, path, `${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
      pages.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await between();
    } while (cursor !== null);
    return pages;
  };

  it('shows the newest first, each item once, and ends exactly at the last item', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const ids = (await cluster.submitBatch(Array.from({ length: 12 }, () => ({})))).toReversed();
    const path = `${team.path}/deployments`;
    const filter = `clusterId=${cluster.id}`;
    const sizes = async (limit: number): Promise<number[]> => {
      const pages = await allPages(team.viewer, path, `limit=${limit}&${filter}`);
      expect(pages.flat()).toEqual(ids);
      return pages.map((page) => page.length);
    };
    expect(await sizes(5)).toEqual([5, 5, 2]);
    expect(await sizes(4)).toEqual([4, 4, 4]);
    expect(await sizes(1)).toEqual(Array<number>(12).fill(1));
    expect(await sizes(12)).toEqual([12]);
    expect(await sizes(100)).toEqual([12]);
  });

  it('repeats and skips no item while others are added', async () => {
    const random = Random.of('paging beside inserts');
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const before = await cluster.submitBatch(Array.from({ length: 60 }, () => ({})));
    const pages = await allPages(team.viewer, `${team.path}/deployments`, `limit=7&clusterId=${cluster.id}`, () =>
      cluster.submitBatch(Array.from({ length: random.integer(1, 9) }, () => ({}))),
    );
    expect(pages.flat()).toEqual(before.toReversed());
  });

  it('repeats and skips no item while others stop matching the filter', async () => {
    const random = Random.of('paging beside cancels');
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const ids = await cluster.submitBatch(Array.from({ length: 40 }, () => ({})));
    const cancelled = new Set<string>();
    const pages = await allPages(
      team.viewer,
      `${team.path}/deployments`,
      `limit=7&status=queued&clusterId=${cluster.id}`,
      async () => {
        for (const id of random.shuffle(ids).slice(0, 3)) {
          await cluster.cancel(id);
          cancelled.add(id);
        }
      },
    );
    const seen = pages.flat();
    expect(new Set(seen).size).toBe(seen.length);
    expect(ids.filter((id) => !cancelled.has(id) && !seen.includes(id))).toEqual([]);
  });

  it('pages lists of organizations, clusters and passes in the same way', async () => {
    const person = team.admin;
    for (let i = 0; i < 4; i++) await person.post('/v1/organizations', { name: `Lab ${i}` });
    const organizations = await allPages(person, '/v1/organizations', 'limit=2', () =>
      person.post('/v1/organizations', { name: 'Later' }),
    );
    expect(organizations.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(organizations.flat().at(-1)).toBe(team.organizationId);

    const clusters: TestCluster[] = [];
    for (let i = 0; i < 4; i++) clusters.push(await TestCluster.create(team, { cpu: 1 }));
    const ids = await allPages(team.viewer, `${team.path}/clusters`, 'limit=3');
    expect(ids.flat().slice(0, 4)).toEqual(clusters.map(({ id }) => id).toReversed());
    expect(new Set(ids.flat()).size).toBe(ids.flat().length);

    const [cluster] = clusters as [TestCluster];
    for (let i = 0; i < 3; i++) {
      await cluster.submit();
      await eventually(
        () => cluster.passes(),
        (passes) => passes.length > i,
      );
    }
    const passes = (await cluster.passes()).map(({ id }) => id).toReversed();
    expect((await allPages(team.viewer, `${cluster.path}/passes`, 'limit=1')).flat()).toEqual(passes);
  });

  it('pages events in both orders, and ends at the last event', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    const ids = await cluster.submitBatch(Array.from({ length: 7 }, () => ({})));
    await cluster.cancel(ids[0] ?? '');
    const path = `${team.path}/events`;
    const filter = `clusterId=${cluster.id}`;
    await eventually(
      async () => (await pageOf(team.viewer, path, filter)).items.length,
      (count) => count === 8,
    );
    const newest = await allPages(team.viewer, path, `limit=3&${filter}`);
    expect(newest.map((page) => page.length)).toEqual([3, 3, 2]);
    const oldest = await allPages(team.viewer, path, `limit=4&sort=oldest&${filter}`);
    expect(oldest.map((page) => page.length)).toEqual([4, 4]);
    expect(oldest.flat()).toEqual(newest.flat().toReversed());
    const after = await allPages(team.viewer, path, `sort=oldest&${filter}&lastEventId=${oldest[0]?.[3] ?? ''}`);
    expect(after.flat()).toEqual(oldest[1]);
    const own = await allPages(team.viewer, `${cluster.deploymentPath(ids[0] ?? '')}/events`, 'limit=1');
    expect(own.flat()).toEqual([oldest.flat()[0], newest.flat()[0]]);
    expect((await allPages(team.viewer, path, `${filter}&deploymentId=${ids[0] ?? ''}`)).flat()).toEqual(
      own.flat().toReversed(),
    );
    expect((await allPages(team.viewer, path, `${filter}&status=cancelled`)).flat()).toEqual([newest.flat()[0]]);
  });

  it('shows only deployments that match the filter', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const [first = '', second = ''] = await cluster.submitBatch([{}, {}, {}, {}]);
    await eventually(cluster.read.bind(cluster), ({ queue }) => queue.queued === 2);
    await cluster.complete(first);
    await cluster.cancel(second);
    await eventually(cluster.read.bind(cluster), ({ queue, allocated }) => queue.queued === 0 && allocated.cpu === 2);
    const count = async (query: string): Promise<number> =>
      (await pageOf(team.viewer, `${team.path}/deployments`, `clusterId=${cluster.id}&${query}`)).items.length;
    expect(await count('limit=100')).toBe(4);
    const counts = Object.fromEntries(
      await Promise.all(
        ['queued', 'scheduled', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out'].map(
          async (status) => [status, await count(`status=${status}`)] as const,
        ),
      ),
    );
    expect(counts).toEqual({
      queued: 0,
      scheduled: 2,
      running: 0,
      succeeded: 1,
      failed: 0,
      cancelled: 1,
      timed_out: 0,
    });
  });

  it('accepts only an unchanged cursor of the same list and filters', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.cordon();
    await cluster.submitBatch([{}, {}, {}]);
    const path = `${team.path}/deployments`;
    const { nextCursor } = await pageOf(team.viewer, path, `limit=1&clusterId=${cluster.id}`);
    const cursor = nextCursor ?? '';
    const ask = (list: string, query: string): Promise<{ status: number; body: { code?: string } }> =>
      team.viewer.get<{ code?: string }>(`${list}?${query}`);
    expect(await ask(path, `limit=2&clusterId=${cluster.id}&cursor=${cursor}`)).toMatchObject({ status: 200 });
    const refused = { status: 400, body: { code: 'REQUEST.INVALID_CURSOR' } };
    expect(await ask(path, `limit=1&cursor=${cursor}`)).toMatchObject(refused);
    expect(await ask(path, `limit=1&clusterId=${cluster.id}&status=queued&cursor=${cursor}`)).toMatchObject(refused);
    expect(await ask(`${team.path}/clusters`, `limit=1&cursor=${cursor}`)).toMatchObject(refused);
    expect(await ask(`${cluster.path}/passes`, `limit=1&cursor=${cursor}`)).toMatchObject(refused);
    for (let at = 0; at < cursor.length; at++) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      const edited = cursor.slice(0, at) + other + cursor.slice(at + 1);
      expect(await ask(path, `limit=1&clusterId=${cluster.id}&cursor=${edited}`)).toMatchObject(refused);
    }
    expect(await ask(path, `limit=1&clusterId=${cluster.id}&cursor=${cursor.slice(0, -1)}`)).toMatchObject(refused);
    expect(await ask(path, `limit=1&clusterId=${cluster.id}&cursor=${cursor}A`)).toMatchObject(refused);
  });
});
