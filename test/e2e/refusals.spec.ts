import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { aDeployment, type DeploymentBody, TestCluster } from '../support/clusters.js';
import { fingerprint } from '../support/fingerprint.js';
import { aTeam, type Team } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

describe('refusals and answers of single routes', () => {
  let stowage: Stowage;
  let team: Team;
  let cluster: TestCluster;

  beforeAll(async () => {
    stowage = await Stowage.start();
    team = await aTeam(stowage.client);
    cluster = await TestCluster.create(team, { cpu: 10 });
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const scheduled = async (): Promise<string> => {
    const id = await cluster.submit();
    await eventually(
      () => cluster.deployment(id),
      ({ status }) => status === 'scheduled',
    );
    return id;
  };

  it('accepts an action without a body as well as with an empty one', async () => {
    const answer = await team.developer.post<DeploymentBody>(`${cluster.deploymentPath(await scheduled())}/start`);
    expect(answer).toMatchObject({ status: 200, body: { status: 'running' } });
  });

  it('names the state in a refusal because of the state', async () => {
    const id = await scheduled();
    await cluster.complete(id);
    const answer = await team.developer.post(`${cluster.deploymentPath(id)}/cancel`);
    expect(answer).toMatchObject({ status: 409, body: { code: 'DEPLOYMENTS.INVALID_STATE', attempt: 1 } });
    expect(Object.values(answer.body)).toContain('succeeded');
  });

  it('refuses a capacity of nothing with a pointer', async () => {
    const capacity = { cpu: 0, memoryMib: 0, gpu: 0 };
    const answer = await team.admin.post(`${team.path}/clusters`, { name: 'empty', capacity });
    expect(answer).toMatchObject({ status: 400, body: { code: 'CLUSTERS.CAPACITY_EMPTY' } });
    expect(answer.body['errors']).toMatchObject([{ pointer: '#/capacity' }]);
  });

  it('gives the location of what was created', async () => {
    const { admin, developer, path } = team;
    const made = {
      organization: await admin.post<{ id: string }>('/v1/organizations', { name: 'Another lab' }),
      cluster: await admin.post<{ id: string }>(`${path}/clusters`, {
        name: 'found',
        capacity: { cpu: 1, memoryMib: 1 },
      }),
      deployment: await developer.post<{ id: string }>(`${cluster.path}/deployments`, aDeployment()),
    };
    for (const [what, { status, headers, body }] of Object.entries(made)) {
      const location = headers.get('location') ?? '';
      const found = await admin.get<{ id: string }>(location);
      expect({ what, status, found: found.status, id: found.body.id }).toEqual({
        what,
        status: 201,
        found: 200,
        id: body.id,
      });
    }
  });

  it('distinguishes a field that cannot be changed from an unknown one', async () => {
    const edit = await team.admin.patch(cluster.path, { id: cluster.id, queue: {}, colour: 'red' });
    expect(edit).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
    expect(edit.body['errors']).toEqual([
      { pointer: '#/id', code: 'not-editable', message: 'cannot be changed' },
      { pointer: '#/queue', code: 'not-editable', message: 'cannot be changed' },
      { pointer: '#/colour', code: 'unknown-field', message: 'is not a known field' },
    ]);
  });

  it('names a list parameter as written, and its wrong item in words', async () => {
    const answer = await team.viewer.get(`${team.path}/deployments?status=queued,gone`);
    expect(answer.body['errors']).toEqual([
      { pointer: 'status', code: 'one-of', message: expect.stringContaining('(item 2)') },
    ]);
  });

  it('refuses a registration with an unknown or used-up code as the document says', async () => {
    const register = (username: string, inviteCode: string): Promise<Answer> =>
      stowage.client.post('/v1/auth/register', { body: { username, password: 'plum wagon orbit 42', inviteCode } });
    const made = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'viewer' });
    expect((await register('newcomer', made.body.code)).status).toBe(201);
    const before = await fingerprint(stowage.database.url);
    expect(await register('second', made.body.code)).toMatchObject({
      status: 410,
      body: { code: 'INVITES.EXHAUSTED' },
    });
    expect(await register('second', 'ABCD')).toMatchObject({ status: 404, body: { code: 'INVITES.NOT_FOUND' } });
    expect(await fingerprint(stowage.database.url)).toEqual(before);
  });
});
