import { describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Cluster {
  id: string;
  state: string;
  isEmpty: boolean;
}

interface ProblemBody {
  code: string;
}

const remove = (cluster: TestCluster): Promise<Answer<ProblemBody>> => cluster.team.admin.delete(cluster.path);

const read = (cluster: TestCluster): Promise<Answer<Cluster>> => cluster.team.viewer.get<Cluster>(cluster.path);

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('draining and deleting clusters', () => {
  it('refuses submissions and starts nothing while draining, and shows when the cluster is empty', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const [running, waiting] = await cluster.submitBatch([
      { resources: { cpu: 2, memoryMib: 1 } },
      { resources: { cpu: 2, memoryMib: 1 } },
    ]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 2);
    const drained = await team.admin.post<Cluster>(`${cluster.path}/drain`);
    expect(drained.body).toMatchObject({ state: 'draining', isEmpty: false });
    const refused = await team.developer.post<ProblemBody>(`${cluster.path}/deployments`, {
      image: 'a/b:1',
      resources: { cpu: 1, memoryMib: 1 },
    });
    expect([refused.status, refused.body.code]).toEqual([409, 'DEPLOYMENTS.CLUSTER_DRAINING']);
    await cluster.complete(running ?? '');
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
    expect(await cluster.statusOf(waiting ?? '')).toBe('queued');
    expect((await read(cluster)).body.isEmpty).toBe(false);
    await cluster.cancel(waiting ?? '');
    expect((await read(cluster)).body).toMatchObject({ state: 'draining', isEmpty: true });
    await cluster.uncordon();
    const id = await cluster.submit();
    await eventually(
      () => cluster.statusOf(id),
      (status) => status === 'scheduled',
    );
  });

  it('deletes an empty cluster, keeps the history, and frees the name', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 }, 'short-lived');
    const [running, waiting] = await cluster.submitBatch([{}, {}]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    const refused = await remove(cluster);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({
      code: 'CLUSTERS.NOT_EMPTY',
      state: 'active',
      queued: 1,
      allocated: { cpu: 1 },
    });
    await cluster.cancel(waiting ?? '');
    await cluster.complete(running ?? '');
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
    expect((await remove(cluster)).status).toBe(204);

    const missing = await team.admin.get<ProblemBody>(`${team.path}/clusters/${newId()}`);
    const gone = await team.admin.get<ProblemBody>(cluster.path);
    expect([gone.status, gone.body.code]).toEqual([missing.status, missing.body.code]);
    expect((await remove(cluster)).status).toBe(404);
    expect((await team.admin.patch(cluster.path, { name: 'again' })).status).toBe(404);
    const list = await team.viewer.get<{ items: Cluster[] }>(`${team.path}/clusters?limit=100`);
    expect(list.body.items.map(({ id }) => id)).not.toContain(cluster.id);

    expect((await cluster.passes()).length).toBeGreaterThan(0);
    expect((await cluster.deployment(running ?? '')).status).toBe('succeeded');
    const submission = await team.developer.post<ProblemBody>(`${cluster.path}/deployments`, {
      image: 'a/b:1',
      resources: { cpu: 1, memoryMib: 1 },
    });
    expect([submission.status, submission.body.code]).toEqual([409, 'DEPLOYMENTS.CLUSTER_DELETED']);
    await TestCluster.create(team, { cpu: 1 }, 'Short-Lived');
  });

  it('cancels waiting deployments when a drained cluster is deleted, and never running ones', async () => {
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const [running, ...waiting] = await cluster.submitBatch([{}, {}, {}]);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    await team.admin.post(`${cluster.path}/drain`);
    const refused = await remove(cluster);
    expect(refused.body).toMatchObject({ code: 'CLUSTERS.NOT_EMPTY', state: 'draining', queued: 2 });
    await cluster.complete(running ?? '');
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
    expect((await remove(cluster)).status).toBe(204);
    for (const id of waiting) expect(await cluster.statusOf(id)).toBe('cancelled');
  });

  it('refuses either the submission or the deletion when both come at once', async () => {
    for (let round = 0; round < 10; round++) {
      const cluster = await TestCluster.create(team, { cpu: 1 });
      await cluster.cordon();
      const submissions = Array.from({ length: 5 }, () =>
        team.developer.post<ProblemBody>(`${cluster.path}/deployments`, {
          image: 'a/b:1',
          resources: { cpu: 1, memoryMib: 1 },
        }),
      );
      const [deletion, ...answers] = await Promise.all([remove(cluster), ...submissions]);
      const accepted = answers.filter(({ status }) => status === 201).length;
      expect(deletion.status).toBe(accepted > 0 ? 409 : 204);
      for (const { status, body } of answers.filter((answer) => answer.status !== 201)) {
        expect([status, body.code]).toEqual([409, 'DEPLOYMENTS.CLUSTER_DELETED']);
      }
    }
  });
});
