import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

describe('a cluster', () => {
  let stowage: Stowage;
  let team: Team;

  beforeAll(async () => {
    stowage = await Stowage.start({ STOWAGE_LIMIT_CLUSTERS: '3' });
    team = await aTeam(stowage.client);
  });

  afterAll(() => stowage.proveAndStop());

  it('starts empty, active and wholly available', async () => {
    const answer = await team.admin.post(`${team.path}/clusters`, {
      name: ' gpu-pool ',
      capacity: { cpu: 0.001, memoryMib: 1_000_000_000_000, gpu: 0 },
    });
    const capacity = { cpu: 0.001, memoryMib: 1_000_000_000_000, gpu: 0 };
    const nothing = { cpu: 0, memoryMib: 0, gpu: 0 };
    expect(answer).toMatchObject({
      status: 201,
      body: {
        name: 'gpu-pool',
        state: 'active',
        capacity,
        allocated: nothing,
        available: capacity,
        queue: { queued: 0 },
      },
    });
    expect(answer.body['utilization']).toEqual({ cpu: 0, memory: 0, gpu: null });
    expect((await team.viewer.get(`${team.path}/clusters/${String(answer.body['id'])}`)).body).toEqual(answer.body);
  });

  it('queues submissions and starts none while cordoned, also twice, and starts all when uncordoned', async () => {
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const running = await cluster.submit();
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 1);
    for (let i = 0; i < 2; i++) {
      expect(await team.admin.post(`${cluster.path}/cordon`)).toMatchObject({
        status: 200,
        body: { state: 'cordoned' },
      });
    }
    const waiting = await cluster.submit();
    await cluster.complete(running);
    await eventually(cluster.read.bind(cluster), ({ allocated }) => allocated.cpu === 0);
    expect(await cluster.deployment(waiting)).toMatchObject({ status: 'queued' });
    for (let i = 0; i < 2; i++) {
      expect(await team.admin.post(`${cluster.path}/uncordon`)).toMatchObject({
        status: 200,
        body: { state: 'active' },
      });
    }
    await eventually(
      () => cluster.deployment(waiting),
      ({ status }) => status === 'scheduled',
    );
    const entries = await withClient(stowage.database.url, (client) =>
      client.query(
        `select before ->> 'state' as before, after ->> 'state' as after from audit_entries where action = 'cluster_state_change' order by id`,
      ),
    );
    expect(entries.rows).toEqual([
      { before: 'active', after: 'cordoned' },
      { before: 'cordoned', after: 'active' },
    ]);
  });

  it('creates no cluster beyond the limit, also when ten are created at once', async () => {
    const create = (index: number): Promise<Answer> =>
      team.admin.post(`${team.path}/clusters`, { name: `race-${index}`, capacity: { cpu: 1, memoryMib: 1 } });
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => create(index)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(
      answers
        .filter(({ status }) => status !== 201)
        .map(({ status, body }) => `${status} ${String(body['code'])} ${String(body['limit'])}`),
    ).toEqual(Array<string>(9).fill('409 CLUSTERS.LIMIT_REACHED 3'));
  });
});
