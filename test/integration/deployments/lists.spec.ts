import { describe, expect, it } from '@jest/globals';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { aMember, aTeam, type Person } from '../../support/people.js';
import { sharedInstallation } from '../../support/shared-installation.js';
import { eventually } from '../../support/wait.js';

interface Queued {
  position: number;
  id: string;
  priority: number;
  waitingSeconds: number;
}

interface PageBody<T> {
  items: T[];
  nextCursor: string | null;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('lists of deployments', () => {
  const quietCluster = async (): Promise<TestCluster> => {
    const cluster = await TestCluster.create(team, { cpu: 1_000 });
    await cluster.cordon();
    return cluster;
  };

  /** The ids of all pages of a list. */
  const idsOf = async (query: string, by: Person = team.viewer, limit = 3): Promise<string[]> => {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: PageBody<{ id: string }> = (
        await by.get<PageBody<{ id: string }>>(
          `${team.path}/deployments?limit=${limit}&${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
      ).body;
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    return ids;
  };

  const queuePage = async (cluster: TestCluster, query = ''): Promise<PageBody<Queued>> =>
    (await team.viewer.get<PageBody<Queued>>(`${cluster.path}/queue?${query}`)).body;

  it('shows exactly the deployments that meet every condition', async () => {
    const [here, there] = [await quietCluster(), await quietCluster()];
    const colleague = await aMember(team);
    const submit = (
      cluster: TestCluster,
      fields: Record<string, unknown>,
      by: Person = team.developer,
    ): Promise<string> => cluster.submit(fields, by);
    const a = await submit(here, { name: 'train-a', labels: { team: 'vision', env: 'prod' } });
    const b = await submit(here, { name: 'train-b', labels: { team: 'vision' } });
    const c = await submit(there, { name: 'Train-c', labels: { team: 'speech', env: 'dev' } });
    const d = await submit(there, {}, colleague);
    await there.cancel(d);
    const scope = `queuedFrom=${(await here.deployment(a)).queuedAt}`;
    const list = (query: string): Promise<string[]> => idsOf(`${scope}&${query}`);
    expect(await list('')).toEqual([d, c, b, a]);
    expect(await list('sort=oldest')).toEqual([a, b, c, d]);
    expect(await list(`clusterId=${there.id}`)).toEqual([d, c]);
    expect(await list('status=cancelled')).toEqual([d]);
    expect(await list('status=cancelled,queued')).toEqual([d, c, b, a]);
    expect(await list('status=running,expired')).toEqual([]);
    expect(await list(`submittedBy=${colleague.id}`)).toEqual([d]);
    expect(await list(`submittedBy=${team.developer.id}&clusterId=${here.id}&sort=oldest`)).toEqual([a, b]);
    expect(await list('name=train-a')).toEqual([a]);
    expect(await list('name=Train-a')).toEqual([]);
    expect(await list('name=train-')).toEqual([]);
    expect(await list(`name=${encodeURIComponent((await there.deployment(d)).name)}`)).toEqual([]);
    expect(await list('name=train-a&namePrefix=train-b')).toEqual([]);
    expect(await list('name=train-b&label=team=vision&status=queued')).toEqual([b]);
    expect(await list('namePrefix=train-')).toEqual([b, a]);
    expect(await list('namePrefix=train-b&label=team=vision')).toEqual([b]);
    expect(await list('namePrefix=%25')).toEqual([]);
    expect(await list('label=team=vision')).toEqual([b, a]);
    expect(await list('label=team')).toEqual([c, b, a]);
    expect(await list('label=!team')).toEqual([d]);
    expect(await list('label=team!=vision')).toEqual([d, c]);
    expect(await list('label=env%20in%20(prod,dev)')).toEqual([c, a]);
    expect(await list('label=team=vision,env%20notin%20(prod)')).toEqual([b]);
    expect(await list(`label=team&clusterId=${there.id}&status=queued`)).toEqual([c]);
    expect(await idsOf(`queuedBefore=${(await here.deployment(b)).queuedAt}&clusterId=${here.id}`)).toEqual([a]);
    expect(await idsOf(`queuedFrom=${(await here.deployment(b)).queuedAt}&clusterId=${here.id}`)).toEqual([b]);
    expect(await idsOf('queuedFrom=2001-01-01T00:00:00Z&queuedBefore=2002-01-01T00:00:00Z')).toEqual([]);
  });

  it('finds labels and names whether many or few have them', async () => {
    const cluster = await quietCluster();
    const many = 2_100;
    const ids = await cluster.submitBatch(
      Array.from({ length: many }, (_, index) => ({ name: `many-${index}`, labels: { size: 'many' } })),
    );
    await cluster.cancel(ids[7] ?? '');
    // Its name is made from the image, and begins so too: that is no name that was given.
    await cluster.submit({ image: 'many-x' });
    expect(await idsOf('label=size=many', team.viewer, 100)).toEqual(ids.toReversed());
    expect(await idsOf('namePrefix=many-&sort=oldest', team.viewer, 100)).toEqual(ids);
    expect(await idsOf('label=size=many&status=cancelled')).toEqual([ids[7]]);
  });

  it('hides clusters that the reader does not see, whatever the filter', async () => {
    const hidden = await quietCluster();
    const id = await hidden.submit({ name: 'secret-1', labels: { secret: 'yes' } });
    await team.admin.patch(hidden.path, { access: 'restricted' });
    for (const query of [
      `clusterId=${hidden.id}`,
      'label=secret=yes',
      'label=secret',
      'namePrefix=secret-',
      'name=secret-1',
      `status=queued&queuedFrom=${new Date(Date.now() - 3_600_000).toISOString()}`,
      `submittedBy=${team.developer.id}`,
      '',
    ]) {
      expect(await idsOf(query, team.viewer, 100)).not.toContain(id);
      expect(await idsOf(query, team.admin, 100)).toContain(id);
    }
    expect((await team.viewer.get(`${hidden.path}/queue`)).status).toBe(404);
    expect((await team.admin.get(`${hidden.path}/queue`)).status).toBe(200);
  });

  it('refuses a cursor of another filter, order or list', async () => {
    const cluster = await quietCluster();
    await cluster.submitBatch([{}, {}]);
    const path = `${team.path}/deployments`;
    const { body } = await team.viewer.get<PageBody<unknown>>(`${path}?limit=1&clusterId=${cluster.id}&status=queued`);
    const cursor = body.nextCursor ?? '';
    const ask = async (url: string): Promise<unknown> => {
      const answer = await team.viewer.get<{ code?: string }>(`${url}&cursor=${cursor}`);
      return answer.body.code ?? answer.status;
    };
    expect(await ask(`${path}?clusterId=${cluster.id}&status=queued`)).toBe(200);
    for (const query of ['status=queued', `clusterId=${cluster.id}`, `clusterId=${cluster.id}&status=queued,running`]) {
      expect(await ask(`${path}?${query}`)).toBe('REQUEST.INVALID_CURSOR');
    }
    for (const more of ['sort=oldest', 'label=a', 'namePrefix=a', `submittedBy=${team.viewer.id}`]) {
      expect(await ask(`${path}?clusterId=${cluster.id}&status=queued&${more}`)).toBe('REQUEST.INVALID_CURSOR');
    }
    expect(await ask(`${cluster.path}/queue?limit=1`)).toBe('REQUEST.INVALID_CURSOR');
  });

  it('shows the queue by rank, each deployment once, on pages of any size, during changes', async () => {
    const cluster = await quietCluster();
    const ids = await cluster.submitBatch([
      { priority: 10 },
      { priority: 90 },
      { priority: 50 },
      { priority: 90 },
      { priority: 0 },
      { priority: 100 },
    ]);
    const ranked = [5, 1, 3, 2, 0, 4].map((index) => ids[index]);
    const whole = await queuePage(cluster);
    expect(whole.items.map(({ id }) => id)).toEqual(ranked);
    expect(whole.items.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(whole.items.every(({ waitingSeconds }) => waitingSeconds >= 0)).toBe(true);

    const first = await queuePage(cluster, 'limit=2');
    // One deployment arrives before the next page, one leaves after it.
    await cluster.submit({ priority: 95 });
    await cluster.cancel(ids[4] ?? '');
    const second = await queuePage(cluster, `limit=2&cursor=${first.nextCursor ?? ''}`);
    const third = await queuePage(cluster, `limit=2&cursor=${second.nextCursor ?? ''}`);
    expect([...first.items, ...second.items, ...third.items].map(({ id, position }) => [id, position])).toEqual(
      ranked.slice(0, 5).map((id, index) => [id, index + 1]),
    );
    expect(third.nextCursor).toBeNull();
  });

  it('shows only queued deployments in the queue', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    await cluster.submitBatch([{}, {}, {}]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    const { items } = await queuePage(cluster);
    expect(items.map(({ position }) => position)).toEqual([1, 2]);
    expect(await idsOf(`clusterId=${cluster.id}&status=queued`)).toEqual(items.map(({ id }) => id).toReversed());
  });

  it('returns the same pages when the clock of the database jumps back', async () => {
    const cluster = await quietCluster();
    const [id = ''] = await cluster.submitBatch([{}]);
    await withClient(stowage.database.url, (client) =>
      client.query(`update deployments set queued_at = now() + interval '1 hour' where id = $1`, [id]),
    );
    expect((await queuePage(cluster)).items).toMatchObject([{ id, position: 1, waitingSeconds: 0 }]);
    await withClient(stowage.database.url, (client) =>
      client.query(
        `update deployments d set queued_at = e.at from deployment_events e where e.deployment_id = d.id and d.id = $1`,
        [id],
      ),
    );
  });
});
