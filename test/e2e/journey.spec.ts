import { beforeAll, describe, expect, it } from '@jest/globals';

import { aTeam } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Cluster {
  id: string;
  allocated: { gpu: number };
  queue: { queued: number };
}

interface Deployment {
  id: string;
  status: string;
  releasedAt: string | null;
}

const REQUEST = { image: 'nvcr.io/nvidia/pytorch:25.09-py3', resources: { cpu: 2, memoryMib: 8192, gpu: 1 } };

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('submitting, queueing and completing over HTTP', () => {
  let clusterPath: string;

  beforeAll(async () => {
    const created = await team.admin.post<Cluster>(`${team.path}/clusters`, {
      name: 'gpu-pool',
      capacity: { cpu: 8, memoryMib: 32_768, gpu: 2 },
    });
    expect(created.status).toBe(201);
    clusterPath = `${team.path}/clusters/${created.body.id}`;
  });

  const cluster = async (): Promise<Cluster> => (await team.viewer.get<Cluster>(clusterPath)).body;
  const deployment = async (id: string): Promise<Deployment> =>
    (await team.viewer.get<Deployment>(`${team.path}/deployments/${id}`)).body;

  it('starts what fits, queues the rest, and starts the next when something ends', async () => {
    const submitted = await team.developer.post<{ results: { id: string }[] }>(`${clusterPath}/deployments/batch`, {
      deployments: [REQUEST, REQUEST, REQUEST],
    });
    expect(submitted.status).toBe(201);
    const [first, second, third] = submitted.body.results.map(({ id }) => id) as [string, string, string];

    await eventually(cluster, ({ queue, allocated }) => queue.queued === 1 && allocated.gpu === 2);
    expect((await deployment(first)).status).toBe('scheduled');
    expect((await deployment(second)).status).toBe('scheduled');
    expect((await deployment(third)).status).toBe('queued');

    const completed = await team.developer.post<Deployment>(`${team.path}/deployments/${first}/complete`, {
      outcome: 'succeeded',
    });
    expect(completed.body).toMatchObject({ status: 'succeeded' });
    const started = await eventually(
      () => deployment(third),
      ({ status }) => status === 'scheduled',
    );
    expect(started.id).toBe(third);
    expect((await deployment(first)).releasedAt).not.toBeNull();

    await team.developer.post(`${team.path}/deployments/${second}/cancel`);
    await team.developer.post(`${team.path}/deployments/${third}/cancel`);
    await eventually(cluster, ({ queue, allocated }) => queue.queued === 0 && allocated.gpu === 0);
  });

  it('shows what each pass did, with its certificate', async () => {
    const passes = await team.viewer.get<{ items: { placed: number; certificate: { optimal: boolean } }[] }>(
      `${clusterPath}/passes`,
    );
    expect(passes.body.items.reduce((sum, { placed }) => sum + placed, 0)).toBe(3);
    expect(passes.body.items.every(({ certificate }) => certificate.optimal)).toBe(true);
  });
});
