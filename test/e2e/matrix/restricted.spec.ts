import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { type Answer } from '../../support/api-client.js';
import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { fingerprint } from '../../support/fingerprint.js';
import { assertLedgerHolds } from '../../support/invariants.js';
import {
  aWorld,
  documentedOperations,
  type DocumentedOperation,
  OPERATIONS,
  pathOf,
  type World,
} from '../../support/operations.js';
import { type Person } from '../../support/people.js';
import { eventually } from '../../support/wait.js';

/** Parameters that lead to something of a cluster. */
const LEADING_THERE = ['clusterId', 'deploymentId', 'passId'];

/** What may differ between two answers that say the same: when they were given, to which request, and what is left of a limit. */
const PER_REQUEST = ['date', 'x-request-id', 'ratelimit', 'connection', 'keep-alive'];

function visibleIn({ status, headers, text }: Answer<unknown>): unknown {
  return {
    status,
    headers: [...headers].filter(([name]) => !PER_REQUEST.includes(name)),
    text: text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":"?"'),
  };
}

/**
 * The same table of operations as for access by role, for those who have every right but are not on the list of a cluster: whatever an
 * operation is, it belongs here from the day on which it is in the document.
 */
describe('what belongs to a restricted cluster', () => {
  let world: World;
  let hidden: TestCluster;
  let operations: readonly DocumentedOperation[];
  /** By parameter: what is there, and is not seen. */
  let ids: Readonly<Record<string, string>>;
  let outsiders: readonly (readonly [name: string, token: string])[];

  const tokenOfAccount = async (by: Person): Promise<string> => {
    const { path } = world.team;
    const account = await by.post<{ id: string }>(`${path}/service-accounts`, { name: newId(), role: 'developer' });
    const made = await by.post<{ token: string }>(`${path}/service-accounts/${account.body.id}/tokens`, { name: 't' });
    return made.body.token;
  };

  beforeAll(async () => {
    world = await aWorld();
    const { team } = world;
    operations = (await documentedOperations(world.stowage.client.url)).filter(({ template }) =>
      template.startsWith('/v1/organizations/{organizationId}/'),
    );
    hidden = await TestCluster.create(team, { cpu: 2 });
    const [ended = '', running = ''] = await hidden.submitBatch([{}, {}, {}]);
    await eventually(hidden.read.bind(hidden), ({ allocated }) => allocated.cpu === 2);
    await hidden.complete(ended);
    await eventually(
      () => hidden.deployment(ended),
      ({ releasedAt }) => releasedAt !== null,
    );
    await eventually(hidden.read.bind(hidden), ({ queue }) => queue.queued === 0);
    const [pass] = await hidden.passes();
    await team.admin.patch(hidden.path, { access: 'restricted' });
    ids = { clusterId: hidden.id, deploymentId: running, passId: pass?.id ?? '' };
    outsiders = [
      ['a developer, who submitted all of it', team.developer.token],
      ['a viewer', team.viewer.token],
      ['an admin by a token with the role viewer', world.weakToken],
      ['a service account with the role developer', await tokenOfAccount(team.admin)],
    ];
    await eventually(
      () =>
        withClient(
          world.stowage.database.url,
          async (client) => (await client.query('select 1 from cluster_signals')).rowCount,
        ),
      (left) => left === 0,
    );
  });

  afterAll(async () => {
    await assertLedgerHolds(world.stowage.database.url);
    await world.stowage.stop();
  });

  const ask = async (
    operation: DocumentedOperation,
    token: string,
    given: Readonly<Record<string, string>>,
  ): Promise<Answer<unknown>> => {
    const { body } = OPERATIONS[operation.id] ?? {};
    const path = await pathOf(world, operation, given);
    return world.stowage.client.send(operation.method, path, {
      token,
      ...(body === undefined ? {} : { body: body(world) }),
    });
  };

  it('answers members off the list, in every operation, exactly as for a missing cluster', async () => {
    const leading = operations.filter(({ parameters }) => parameters.some((name) => LEADING_THERE.includes(name)));
    expect(leading.length).toBeGreaterThan(20);
    const nobodys = (): Record<string, string> => Object.fromEntries(LEADING_THERE.map((name) => [name, newId()]));
    const others = { userId: newId(), tokenId: newId() };
    const before = await fingerprint(world.stowage.database.url);
    for (const operation of leading) {
      for (const [who, token] of outsiders) {
        const answer = visibleIn(await ask(operation, token, { ...others, ...ids }));
        const expected = visibleIn(await ask(operation, token, { ...others, ...nobodys() }));
        expect([operation.id, who, answer]).toEqual([operation.id, who, expected]);
        expect([403, 404]).toContain((answer as { status: number }).status);
      }
    }
    expect(await fingerprint(world.stowage.database.url)).toEqual(before);
  });

  it('stays out of the lists and sums of members off the list', async () => {
    const lists = operations.filter(({ method, parameters }) => method === 'GET' && parameters.length === 1);
    expect(lists.map(({ id }) => id)).toEqual(expect.arrayContaining(['listClusters', 'listDeployments']));
    for (const operation of lists) {
      for (const [who, token] of outsiders) {
        const { text } = await ask(operation, token, {});
        const seen = Object.values(ids).filter((id) => text.includes(id));
        expect([operation.id, who, seen]).toEqual([operation.id, who, []]);
      }
    }
    // The same lists show it to who is let in: it is not that there is nothing to be seen.
    const { team } = world;
    const deployments = await team.admin.get(`${team.path}/deployments?limit=100`);
    expect(deployments.text).toContain(ids['deploymentId']);
  });

  it('shows up with ledger, usage and passes at the next request of a member on the list', async () => {
    const { team } = world;
    const views = [
      '',
      '/ledger',
      '/ledger/checkpoint',
      '/usage',
      '/passes',
      `/passes/${ids['passId'] ?? ''}`,
      '/access',
    ];
    const statuses = (): Promise<number[]> =>
      Promise.all(views.map(async (view) => (await team.viewer.get(`${hidden.path}${view}`)).status));
    expect(await statuses()).toEqual(views.map(() => 404));
    const put = await team.admin.client.send('PUT', `${hidden.path}/access/${team.viewer.id}`, {
      token: team.admin.token,
    });
    expect(put.status).toBe(200);
    expect(await statuses()).toEqual(views.map(() => 200));
    const usage = await team.viewer.get<{ deployments: unknown[] }>(`${hidden.path}/usage`);
    expect(usage.body.deployments).toHaveLength(3);
    await team.admin.delete(`${hidden.path}/access/${team.viewer.id}`);
    expect(await statuses()).toEqual(views.map(() => 404));
  });
});
