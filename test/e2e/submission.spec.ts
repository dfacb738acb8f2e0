import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { aDeployment, atMost, TestCluster } from '../support/clusters.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';

interface Submitted {
  readonly id: string;
  readonly name: string;
  readonly code?: string;
}

interface ListBody {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

describe('a submission', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 4 });
    await cluster.cordon();
  });

  afterAll(async () => {
    await assertLedgerHolds(stowage.database.url);
    await stowage.stop();
  });

  const submit = async (
    fields: Readonly<Record<string, unknown>>,
    where = cluster,
  ): Promise<{ status: number; body: Submitted }> =>
    team.developer.post<Submitted>(`${where.path}/deployments`, aDeployment(fields));

  it('shows all that was said, the image also in its one spelling', async () => {
    const fields = {
      image: 'Registry.Example.com/vision/train',
      labels: { team: 'vision', 'example.com/experiment': 'resnet-7', empty: '' },
      preemptible: true,
      spec: {
        command: ['python', 'train.py'],
        environment: { '1': 'one', EPOCHS: '90' },
        nested: { deep: [null, 1.5] },
      },
    };
    const shown = { ...fields, normalizedImage: 'registry.example.com/vision/train:latest' };
    const answer = await submit(fields);
    expect(answer).toMatchObject({ status: 201, body: shown });
    expect((await team.viewer.get(cluster.deploymentPath(answer.body.id))).body).toMatchObject(shown);
    const list = await team.viewer.get<ListBody>(`${team.path}/deployments?limit=1`);
    const { spec: _, ...listed } = shown;
    expect(list.body.items[0]).toMatchObject(listed);
    expect(list.body.items[0]).not.toHaveProperty('spec');
  });

  it('has no labels, no spec and no preemption where nothing was said', async () => {
    expect((await submit({})).body).toMatchObject({ labels: {}, preemptible: false, spec: null });
  });

  it('has a name that no other live deployment of the cluster has', async () => {
    const other = await TestCluster.create(team, { cpu: 4 });
    const first = await submit({ name: 'train' });
    expect(await submit({ name: ' train ' })).toMatchObject({
      status: 409,
      body: {
        code: 'DEPLOYMENTS.NAME_TAKEN',
        name: 'train',
        errors: [{ pointer: '#/name', code: 'name-taken' }],
      },
    });
    expect((await submit({ name: 'Train' })).status).toBe(201);
    expect((await submit({ name: 'train' }, other)).status).toBe(201);
    // What has ended gives its name back.
    await cluster.cancel(first.body.id);
    expect((await submit({ name: 'train' })).status).toBe(201);
  });

  it('is given the name by exactly one of many that ask at once', async () => {
    const answers = await atMost(20, Array.from({ length: 40 }), () => submit({ name: 'wanted' }));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 39 }, () => 409)]);
  });

  it('gets a name from its image when it has none, which nobody can take', async () => {
    const { body } = await submit({ image: 'registry.example.com/vision/train:2.1' });
    expect(body.name).toMatch(/^train~[0-9a-z]{12}$/);
    expect(await submit({ name: body.name })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/name', code: 'generated-name' }] },
    });
  });

  it('with names in opposite orders, from many at once, is all there or refused', async () => {
    const names = Array.from({ length: 200 }, (_, index) => `n${index}`);
    const orders = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? names : names.toReversed()));
    const answers = await atMost(8, orders, (order) =>
      team.developer.post(`${cluster.path}/deployments/batch`, {
        deployments: order.map((name) => aDeployment({ name })),
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });
});
