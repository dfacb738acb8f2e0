import { beforeEach, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../support/api-client.js';
import { aDeployment, type DeploymentBody, TestCluster } from '../support/clusters.js';
import { aMember, aPerson, aTeam, type Person } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Entry {
  userId: string;
  username: string;
  grantedBy: string;
}

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

interface ProblemBody {
  code: string;
}

const send = <T = ProblemBody>(by: Person, method: string, path: string, body?: unknown): Promise<Answer<T>> =>
  by.client.send<T>(method, path, { token: by.token, body });

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('a restricted cluster', () => {
  let cluster: TestCluster;
  let running: string;
  let waiting: string;

  const restrict = (access: string): Promise<Answer<ProblemBody>> =>
    send(team.admin, 'PATCH', cluster.path, { access });
  const grant = (userId: string): Promise<Answer<Entry>> =>
    send<Entry>(team.admin, 'PUT', `${cluster.path}/access/${userId}`);
  const revoke = (userId: string): Promise<Answer<ProblemBody>> =>
    send(team.admin, 'DELETE', `${cluster.path}/access/${userId}`);

  beforeEach(async () => {
    cluster = await TestCluster.create(team, { cpu: 1 });
    [running, waiting] = (await cluster.submitBatch([{}, {}])) as [string, string];
    await eventually(
      () => cluster.deployment(running),
      ({ status }) => status === 'scheduled',
    );
    await restrict('restricted');
  });

  /** Every way to it, with what each answers to those who see nothing there. */
  const ways = (id: string, deployments: readonly string[]): [string, string, unknown, string][] => {
    const path = `${team.path}/clusters/${id}`;
    const report = { outcome: 'succeeded' };
    const ofDeployment = (deployment: string): [string, string, unknown, string][] => {
      const at = `${team.path}/deployments/${deployment}`;
      return [
        ['GET', at, undefined, 'DEPLOYMENTS.NOT_FOUND'],
        ['POST', `${at}/start`, {}, 'DEPLOYMENTS.NOT_FOUND'],
        ['POST', `${at}/complete`, report, 'DEPLOYMENTS.NOT_FOUND'],
        ['POST', `${at}/cancel`, undefined, 'DEPLOYMENTS.NOT_FOUND'],
      ];
    };
    return [
      ['GET', path, undefined, 'CLUSTERS.NOT_FOUND'],
      ['GET', `${path}/access`, undefined, 'CLUSTERS.NOT_FOUND'],
      ['GET', `${path}/passes`, undefined, 'CLUSTERS.NOT_FOUND'],
      ['POST', `${path}/deployments`, aDeployment(), 'CLUSTERS.NOT_FOUND'],
      ['POST', `${path}/deployments/batch`, { deployments: [aDeployment()] }, 'CLUSTERS.NOT_FOUND'],
      ['POST', `${path}/deployments/complete`, { reports: [{ id: deployments[0], ...report }] }, 'CLUSTERS.NOT_FOUND'],
      ...deployments.flatMap(ofDeployment),
    ];
  };

  it('answers members who are not on the list as a cluster that does not exist, own deployments included', async () => {
    const missing = ways(newId(), [newId(), newId()]);
    for (const [index, [method, path, body, code]] of ways(cluster.id, [running, waiting]).entries()) {
      const hidden = await send(team.developer, method, path, body);
      const [, otherPath = '', otherBody] = missing[index] ?? [];
      const unknown = await send(team.developer, method, otherPath, otherBody);
      expect([method, path, hidden.status, hidden.body.code]).toEqual([method, path, 404, code]);
      const { requestId: _, ...answer } = hidden.body as ProblemBody & { requestId: string };
      const { requestId: __, ...other } = unknown.body as ProblemBody & { requestId: string };
      expect(answer).toEqual(other);
    }
    expect((await send<DeploymentBody>(team.admin, 'GET', cluster.deploymentPath(running))).body.status).toBe(
      'scheduled',
    );
    expect((await send<DeploymentBody>(team.admin, 'GET', cluster.deploymentPath(waiting))).body.status).toBe('queued');
  });

  it('hides the cluster and its deployments from their lists', async () => {
    const open = await TestCluster.create(team, { cpu: 1 });
    const visible = await open.submit();
    const idsOf = async (by: Person, path: string): Promise<string[]> =>
      (await by.get<Page<{ id: string }>>(`${team.path}/${path}`)).body.items.map(({ id }) => id);
    for (const person of [team.viewer, team.developer]) {
      expect(await idsOf(person, 'clusters?limit=100')).toContain(open.id);
      expect(await idsOf(person, 'clusters?limit=100')).not.toContain(cluster.id);
      expect(await idsOf(person, 'deployments?limit=100')).toContain(visible);
      for (const filter of ['', `&clusterId=${cluster.id}`, '&status=queued', '&status=scheduled']) {
        const ids = await idsOf(person, `deployments?limit=100${filter}`);
        expect([running, waiting].filter((id) => ids.includes(id))).toEqual([]);
      }
    }
    expect(await idsOf(team.admin, 'clusters?limit=100')).toContain(cluster.id);
    expect(await idsOf(team.admin, `deployments?clusterId=${cluster.id}`)).toEqual([waiting, running]);
  });

  it('refuses a report by way of another cluster', async () => {
    const open = await TestCluster.create(team, { cpu: 1 });
    const answer = await send<{ results: { problem: ProblemBody }[] }>(
      team.developer,
      'POST',
      `${open.path}/deployments/complete`,
      { reports: [{ id: running, outcome: 'succeeded' }] },
    );
    expect(answer.body.results[0]?.problem.code).toBe('DEPLOYMENTS.NOT_FOUND');
  });

  it('grants and ends access with the next request after a change of the list', async () => {
    for (let round = 0; round < 3; round++) {
      expect((await team.developer.get(cluster.path)).status).toBe(404);
      const granted = await grant(team.developer.id);
      expect(granted.body).toMatchObject({
        userId: team.developer.id,
        username: team.developer.username,
        grantedBy: team.admin.id,
      });
      expect((await team.developer.get(cluster.path)).status).toBe(200);
      expect((await team.developer.get(cluster.deploymentPath(running))).status).toBe(200);
      expect((await team.developer.post(`${cluster.path}/deployments`, aDeployment())).status).toBe(201);
      expect((await send(team.developer, 'PATCH', cluster.path, {})).status).toBe(403);
      expect((await team.viewer.get(cluster.path)).status).toBe(404);
      expect((await revoke(team.developer.id)).status).toBe(204);
    }
    expect((await team.developer.get(cluster.path)).status).toBe(404);
    await restrict('organization');
    expect((await team.developer.get(cluster.path)).status).toBe(200);
  });

  it('shows the list to all users with access, page by page', async () => {
    await grant(team.developer.id);
    await grant(team.viewer.id);
    await grant(team.viewer.id);
    const list = await team.viewer.get<Page<Entry>>(`${cluster.path}/access`);
    const ids = [team.developer.id, team.viewer.id].sort();
    expect(list.body.items.map(({ userId }) => userId)).toEqual(ids);
    const first = await team.viewer.get<Page<Entry>>(`${cluster.path}/access?limit=1`);
    const second = await team.viewer.get<Page<Entry>>(
      `${cluster.path}/access?limit=1&cursor=${first.body.nextCursor ?? ''}`,
    );
    expect([...first.body.items, ...second.body.items].map(({ userId }) => userId)).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
  });

  it('accepts only members on the list, and answers 404 for all others', async () => {
    const stranger = await aPerson(stowage.client);
    for (const id of [stranger.id, newId()]) {
      const refused = await send(team.admin, 'PUT', `${cluster.path}/access/${id}`);
      expect([refused.status, refused.body.code]).toEqual([404, 'CLUSTERS.MEMBER_NOT_FOUND']);
    }
    const notListed = await revoke(team.viewer.id);
    expect([notListed.status, notListed.body.code]).toEqual([404, 'CLUSTERS.ACCESS_NOT_FOUND']);
    expect((await send(team.admin, 'PUT', `${cluster.path}/access/not-an-id`)).status).toBe(400);
  });

  it('removes members who leave the organization from the list for good', async () => {
    const member = await aMember(team);
    await grant(member.id);
    expect((await member.get(cluster.path)).status).toBe(200);
    await team.admin.delete(`${team.path}/members/${member.id}`);
    const invite = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'developer' });
    expect((await member.post('/v1/organizations/join', { code: invite.body.code })).status).toBeLessThan(300);
    expect((await member.get(`${team.path}/clusters`)).status).toBe(200);
    expect((await member.get(cluster.path)).status).toBe(404);
  });

  it('grants access to tokens by their role, and to runtimes, which report everything', async () => {
    const tokenOf = async (path: string, body: object): Promise<string> =>
      (await team.admin.post<{ token: string }>(path, { name: `token-${newId()}`, ...body })).body.token;
    const weak = await tokenOf('/v1/me/tokens', { organizationId: team.organizationId, role: 'developer' });
    expect((await team.admin.get(cluster.path, { token: weak })).status).toBe(404);
    await grant(team.admin.id);
    expect((await team.admin.get(cluster.path, { token: weak })).status).toBe(200);

    const account = async (fields: object): Promise<string> => {
      const made = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, { name: newId(), ...fields });
      return tokenOf(`${team.path}/service-accounts/${made.body.id}/tokens`, {});
    };
    const developer = await account({ role: 'developer' });
    const runtime = await account({ scope: 'runtime' });
    const path = cluster.deploymentPath(running);
    expect((await team.admin.get(path, { token: developer })).status).toBe(404);
    expect((await team.admin.get(path, { token: runtime })).status).toBe(200);
    const completed = await team.admin.post(`${path}/complete`, { outcome: 'succeeded' }, { token: runtime });
    expect(completed.status).toBe(200);
  });

  it('stays hidden after the deletion, with all deployments', async () => {
    await cluster.cancel(waiting);
    await cluster.complete(running);
    await eventually(
      async () => (await team.admin.get<{ isEmpty: boolean }>(cluster.path)).body.isEmpty,
      (isEmpty) => isEmpty,
    );
    expect((await send(team.admin, 'DELETE', cluster.path)).status).toBe(204);
    for (const path of [`${cluster.path}/passes`, cluster.deploymentPath(running)]) {
      expect((await team.developer.get(path)).status).toBe(404);
      expect((await team.admin.get(path)).status).toBe(200);
    }
  });

  it('records changes of the list in the audit log', async () => {
    await grant(team.viewer.id);
    await revoke(team.viewer.id);
    const audit = await team.admin.get<Page<{ action: string; target: { id: string | null } }>>(
      `${team.path}/audit?limit=100`,
    );
    const actions = audit.body.items.filter(({ target }) => target.id === cluster.id).map(({ action }) => action);
    expect(actions.sort()).toEqual(['cluster_access_grant', 'cluster_access_revoke', 'cluster_create', 'cluster_edit']);
  });
});
