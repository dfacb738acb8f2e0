import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { type Answer } from '../../support/api-client.js';
import { cases } from '../../support/cases.js';
import { TestCluster } from '../../support/clusters.js';
import { ManualPasses } from '../../support/manual-passes.js';
import { aPerson, aTeam, type Person } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { sharedInstallation } from '../../support/shared-installation.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

const AT_ONCE = 50;
const ROUNDS = cases(20);

/** A kind of thing with a limit per organization. */
interface Limited {
  readonly name: 'clusters' | 'members' | 'invites' | 'tokens' | 'queued';
  readonly code: string;
  /** How many there are when a race begins. */
  readonly count: () => Promise<number>;
  /** Tries to add another one. */
  readonly add: (index: number) => Promise<Answer<{ code?: string; limit?: number }>>;
}

const stowage = await sharedInstallation('manual');
const team = await aTeam(stowage.client);

describe('limits of an organization', () => {
  let client: Client;
  let operator: Person;
  let people: Person[];
  let codes: string[];
  let clusterPath: string;
  let accountPath: string;
  let names = 0;

  beforeAll(async () => {
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    operator = await aPerson(stowage.client, 'operator');
    await sql('update users set is_operator = true where id = $1', [operator.id]);
    people = await Promise.all(Array.from({ length: AT_ONCE }, () => aPerson(stowage.client, 'joiner')));
    const invites = await Promise.all(
      [1, 2].map(() => team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'viewer', maxUses: 1000 })),
    );
    codes = invites.map(({ body }) => body.code);
    const cluster = await team.admin.post<{ id: string }>(`${team.path}/clusters`, {
      name: 'first',
      capacity: { cpu: 1, memoryMib: 1 },
    });
    clusterPath = `${team.path}/clusters/${cluster.body.id}`;
    const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
      name: 'ci',
      role: 'viewer',
    });
    accountPath = `${team.path}/service-accounts/${account.body.id}`;
  });

  afterAll(async () => {
    await client.end();
  });

  const sql = async (text: string, values: unknown[] = []): Promise<{ count: number }[]> =>
    (await client.query<{ count: number }>(text, values)).rows;

  const counted = async (from: string): Promise<number> =>
    (await sql(`select count(*)::int as count from ${from}`, [team.organizationId]))[0]?.count ?? 0;

  const setLimits = (limits: Record<string, number | null>): Promise<Answer> =>
    operator.patch(`/v1/admin/organizations/${team.organizationId}`, { limits });

  const aDeployment = { image: 'app', resources: { cpu: 1, memoryMib: 1 } };

  const LIMITED: readonly Limited[] = [
    {
      name: 'clusters',
      code: 'CLUSTERS.LIMIT_REACHED',
      count: () => counted('clusters where organization_id = $1'),
      add: () =>
        team.admin.post(`${team.path}/clusters`, { name: `c${(names += 1)}`, capacity: { cpu: 1, memoryMib: 1 } }),
    },
    {
      name: 'members',
      code: 'ORGANIZATIONS.MEMBER_LIMIT_REACHED',
      count: async () => {
        await sql('delete from memberships where organization_id = $1 and user_id = any($2)', [
          team.organizationId,
          people.map(({ id }) => id),
        ]);
        return counted('memberships where organization_id = $1');
      },
      add: (index) => (people[index] ?? team.viewer).post('/v1/organizations/join', { code: codes[index % 2] }),
    },
    {
      name: 'invites',
      code: 'INVITES.LIMIT_REACHED',
      count: () => counted('invites where organization_id = $1 and uses < max_uses'),
      add: () => team.admin.post(`${team.path}/invites`, { role: 'viewer' }),
    },
    {
      name: 'tokens',
      code: 'AUTH.ORGANIZATION_TOKEN_LIMIT_REACHED',
      count: () => counted('api_tokens where organization_id = $1'),
      add: (index) => {
        const own = { name: 't', organizationId: team.organizationId, role: 'viewer' };
        if (index % 3 === 0) return team.admin.post(`${accountPath}/tokens`, { name: 't' });
        return (index % 3 === 1 ? team.admin : team.viewer).post('/v1/me/tokens', own);
      },
    },
    {
      name: 'queued',
      code: 'DEPLOYMENTS.QUEUE_LIMIT_REACHED',
      count: () => counted(`deployments where organization_id = $1 and status = 'queued'`),
      add: (index) =>
        index % 2 === 0
          ? team.developer.post(`${clusterPath}/deployments`, aDeployment)
          : team.developer.post(`${clusterPath}/deployments/batch`, { deployments: [aDeployment] }),
    },
  ];

  /**
   * Makes `tries` requests at once where only `room` may succeed; repeats those that waited too long and were answered 503.
   * @returns how many succeeded
   */
  const race = async ({ name, code, count, add }: Limited, tries: number, room: number): Promise<number> => {
    const limit = (await count()) + room;
    expect((await setLimits({ [name]: limit })).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: tries }, (_, index) =>
        eventually(
          () => add(index),
          ({ status }) => status !== 503,
        ),
      ),
    );
    const refused = answers.filter(({ status }) => status >= 300);
    for (const { status, body } of refused) {
      expect({ status, code: body.code, limit: body.limit }).toEqual({ status: 409, code, limit });
    }
    expect(await count().then((now) => (name === 'members' ? limit : now))).toBe(limit);
    await setLimits({ [name]: null });
    return answers.length - refused.length;
  };

  it.each(LIMITED)('accepts exactly one of 50 at one below the limit of $name', async (limited) => {
    expect(await race(limited, AT_ONCE, 1)).toBe(1);
  });

  it.each(LIMITED)('holds the limit of $name in races of random size', async (limited) => {
    const random = Random.of(`races for ${limited.name}`);
    for (let round = 0; round < ROUNDS; round++) {
      const room = random.integer(0, 3);
      expect(await race(limited, room + random.integer(1, 4), room)).toBe(room);
    }
  });

  it('counts a batch as a whole, and returns how many deployments wait', async () => {
    const waiting = await counted(`deployments where organization_id = $1 and status = 'queued'`);
    await setLimits({ queued: waiting + 3 });
    const batch = (size: number): Promise<Answer> =>
      team.developer.post(`${clusterPath}/deployments/batch`, {
        deployments: Array.from({ length: size }, () => aDeployment),
      });
    expect(await batch(4)).toMatchObject({ status: 409, body: { limit: waiting + 3, queued: waiting } });
    expect((await batch(3)).status).toBe(201);
    await setLimits({ queued: null });
  });

  it('applies a lowered limit within a second, and admits again when a deployment ends', async () => {
    const submit = (): Promise<Answer<{ id: string }>> =>
      team.developer.post(`${clusterPath}/deployments`, aDeployment);
    const last = await submit();
    expect(last.status).toBe(201);
    await setLimits({ queued: await counted(`deployments where organization_id = $1 and status = 'queued'`) });
    await sleep(1_050);
    expect((await submit()).status).toBe(409);
    await team.developer.post(`${team.path}/deployments/${last.body.id}/cancel`);
    expect((await submit()).status).toBe(201);
    expect((await submit()).status).toBe(409);
    await setLimits({ queued: null });
  });

  it('requeues a retry also above the limit of queued deployments', async () => {
    const passes = await ManualPasses.of(stowage);
    const cluster = await TestCluster.create(team, { cpu: 1 });
    const id = await cluster.submit({ maxRetries: 1 });
    await passes.run(cluster.id);
    await cluster.cordon();
    await team.admin.post(`${cluster.deploymentPath(id)}/complete`, { outcome: 'failed' });
    await passes.run(cluster.id);
    const full = await counted(`deployments where organization_id = $1 and status = 'queued'`);
    await setLimits({ queued: full });
    await sleep(1_050);

    await sql(`update deployments set due_at = now() where id = $1`, [id]);
    await passes.run(cluster.id);
    expect(await cluster.deployment(id)).toMatchObject({ status: 'queued', attempt: 2 });
    const refused = await team.developer.post(`${cluster.path}/deployments`, aDeployment);
    expect(refused).toMatchObject({ status: 409, body: { limit: full, queued: full + 1 } });

    await cluster.cancel(id);
    await setLimits({ queued: null });
    await passes.stop();
  });

  it('uses the limits of the settings where an operator has set none', async () => {
    const listed = async (): Promise<unknown> =>
      (await operator.get<{ items: { id: string }[] }>('/v1/admin/organizations')).body.items.find(
        ({ id }) => id === team.organizationId,
      );
    const none = { clusters: null, members: null, invites: null, tokens: null, queued: null };
    const defaults = { clusters: 100, members: 10_000, invites: 200, tokens: 10_000, queued: 5_000_000 };
    expect(await listed()).toMatchObject({ limits: defaults, ownLimits: none, deletedAt: null });
    const changed = await setLimits({ members: 5, queued: 0 });
    expect(changed.body).toMatchObject({
      limits: { ...defaults, members: 5, queued: 0 },
      ownLimits: { ...none, members: 5, queued: 0 },
    });
    expect(await listed()).toEqual(changed.body);
    expect((await setLimits({ members: null, queued: null })).body).toMatchObject({
      limits: defaults,
      ownLimits: none,
    });
  });

  it.each([{ members: -1 }, { members: 1.5 }, { members: '5' }, { members: 2e9 }, { people: 5 }])(
    'refuses to set limits to %j',
    async (limits) => {
      expect((await setLimits(limits as Record<string, number>)).status).toBe(400);
    },
  );

  it('holds the limit of organizations per user against 20 requests at once', async () => {
    const strict = await Stowage.start({ workers: 0, STOWAGE_LIMIT_ORGANIZATIONS: '3' });
    try {
      const founder = await aPerson(strict.client, 'founder');
      const found = (): Promise<Answer<{ id: string }>> => founder.post('/v1/organizations', { name: 'Lab' });
      const answers = await Promise.all(Array.from({ length: 20 }, found));
      const made = answers.filter(({ status }) => status === 201);
      expect(made).toHaveLength(3);
      expect(answers.find(({ status }) => status !== 201)).toMatchObject({
        status: 409,
        body: { code: 'ORGANIZATIONS.LIMIT_REACHED', limit: 3 },
      });
      expect((await founder.delete(`/v1/organizations/${made[0]?.body.id ?? ''}`)).status).toBe(204);
      expect((await found()).status).toBe(201);
    } finally {
      await strict.stop();
    }
  });
});
