import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';

import { type Answer } from '../../support/api-client.js';
import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { aMember, aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { sharedInstallation } from '../../support/shared-installation.js';
import { eventually } from '../../support/wait.js';

interface Entry {
  id: string;
  occurredAt: string;
  actor: { kind: string; id: string | null; name: string; tokenId: string | null };
  action: string;
  target: { kind: string; id: string | null };
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  address: string | null;
  requestId: string | null;
}

interface Page {
  items: Entry[];
  nextCursor: string | null;
}

const stowage = await sharedInstallation();

describe('an organization', () => {
  let client: Client;
  let operator: Person;

  beforeAll(async () => {
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    operator = await aPerson(stowage.client, 'operator');
    await sql('update users set is_operator = true where id = $1', [operator.id]);
  });

  afterAll(async () => {
    await client.end();
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, values)).rows;

  it('renames an organization, and refuses a rename with an outdated version', async () => {
    const { admin, path, developer } = await aTeam(stowage.client);
    const read = await admin.get(path);
    const tag = read.headers.get('etag') ?? '';
    const renamed = await admin.patch(path, { name: 'Robotics' }, { headers: { 'if-match': tag } });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Robotics', role: 'admin' } });
    expect(await admin.patch(path, { name: 'Other' }, { headers: { 'if-match': tag } })).toMatchObject({ status: 412 });
    expect((await developer.patch(path, { name: 'Mine' })).status).toBe(403);
    expect((await admin.patch(path, { name: '   ' })).status).toBe(400);
    expect((await developer.get(path)).body).toMatchObject({ name: 'Robotics' });
  });

  it('lets a user belong to several organizations, with a different role in each', async () => {
    const [one, other] = [await aTeam(stowage.client, 'One'), await aTeam(stowage.client, 'Other')];
    const invite = await other.admin.post<{ code: string }>(`${other.path}/invites`, { role: 'viewer' });
    await one.admin.post('/v1/organizations/join', { code: invite.body.code });
    const mine = await one.admin.get<{ items: { name: string; role: string }[] }>('/v1/organizations');
    expect(mine.body.items.map(({ name, role }) => [name, role])).toEqual([
      ['Other', 'viewer'],
      ['One', 'admin'],
    ]);
    for (const [name, found] of [
      ['One', ['One']],
      ['one', []],
      ['On', []],
      ['Nowhere', []],
    ] as const) {
      const named = await one.admin.get<{ items: { name: string }[] }>(`/v1/organizations?name=${name}`);
      expect(named.body.items.map((item) => item.name)).toEqual(found);
    }
    expect((await one.admin.post(`${other.path}/invites`, { role: 'viewer' })).status).toBe(403);
  });

  describe('a deleted organization', () => {
    it('refuses to delete an organization with work left, and deletes a drained one', async () => {
      const team = await aTeam(stowage.client);
      const cluster = await TestCluster.create(team, { cpu: 1 });
      const [running, waiting] = [await cluster.submit(), await cluster.submit()];
      await eventually(
        () => cluster.deployment(running),
        ({ status }) => status === 'scheduled',
      );
      const refused = { status: 409, body: { code: 'ORGANIZATIONS.IN_USE', clusters: 1, clusterIds: [cluster.id] } };
      expect(await team.admin.delete(team.path)).toMatchObject({ ...refused, body: { ...refused.body, queued: 1 } });
      expect((await cluster.read()).state).toBe('active');

      await cluster.cancel(waiting);
      expect(await team.admin.delete(team.path)).toMatchObject({ ...refused, body: { ...refused.body, queued: 0 } });
      await cluster.complete(running);
      await eventually(
        () => cluster.deployment(running),
        ({ releasedAt }) => releasedAt !== null,
      );
      expect((await team.developer.delete(team.path)).status).toBe(403);
      expect((await team.admin.delete(team.path)).status).toBe(204);
      expect((await team.admin.delete(team.path)).status).toBe(404);
    });

    it('answers 404 to former members, tokens, invite codes and operators', async () => {
      const team = await aTeam(stowage.client);
      const token = { name: 't', organizationId: team.organizationId, role: 'admin' };
      const own = await team.admin.post<{ token: string }>('/v1/me/tokens', token);
      const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
        name: 'ci',
        role: 'admin',
      });
      const accounts = await team.admin.post<{ token: string }>(
        `${team.path}/service-accounts/${account.body.id}/tokens`,
        { name: 'key' },
      );
      const invite = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'admin' });
      await TestCluster.create(team, { cpu: 1 });
      expect((await team.admin.delete(team.path)).status).toBe(204);

      const gone = async (of: string): Promise<string> =>
        JSON.stringify((await team.admin.get(of)).body).replace(/"requestId":"[^"]*"/, '');
      expect(await gone(team.path)).toBe(await gone(`/v1/organizations/${newId()}`));
      for (const person of [team.admin, team.viewer, operator]) {
        for (const path of [team.path, `${team.path}/clusters`, `${team.path}/audit`]) {
          expect(await person.get(path)).toMatchObject({ status: 404, body: { code: 'ORGANIZATIONS.NOT_FOUND' } });
        }
      }
      for (const dead of [own.body.token, accounts.body.token]) {
        expect((await team.admin.get(team.path, { token: dead })).status).toBe(401);
      }
      expect(await team.viewer.post('/v1/organizations/join', { code: invite.body.code })).toMatchObject({
        status: 404,
      });
      expect((await team.admin.get<{ items: unknown[] }>('/v1/organizations')).body.items).toEqual([]);
      const limits = await operator.patch(`/v1/admin/organizations/${team.organizationId}`, { limits: { members: 1 } });
      expect(limits.status).toBe(404);
    });

    it('keeps the history, and the audit log for operators', async () => {
      const team = await aTeam(stowage.client);
      const cluster = await TestCluster.create(team, { cpu: 1 });
      const id = await cluster.submit();
      await eventually(
        () => cluster.deployment(id),
        ({ status }) => status === 'scheduled',
      );
      await cluster.complete(id);
      await eventually(
        () => cluster.read(),
        ({ allocated }) => allocated.cpu === 0,
      );
      expect((await team.admin.delete(team.path)).status).toBe(204);
      const [kept] = await sql(
        `select (select count(*)::int from deployments d where d.organization_id = o.id) as deployments,
                (select count(*)::int from ledger_entries l where l.organization_id = o.id) as entries,
                (select count(*)::int from memberships m where m.organization_id = o.id) as members
         from organizations o where o.id = $1`,
        [team.organizationId],
      );
      expect(kept).toEqual({ deployments: 1, entries: 2, members: 0 });
      const log = await operator.get<Page>(`/v1/admin/audit?organizationId=${team.organizationId}&limit=1`);
      expect(log.body.items).toEqual([expect.objectContaining({ action: 'organization_delete' })]);
      const all = await operator.get<{ items: { id: string; deletedAt: string | null }[] }>('/v1/admin/organizations');
      expect(all.body.items.find((one) => one.id === team.organizationId)?.deletedAt).toEqual(expect.any(String));
    });

    it('keeps no work from submissions that arrive at the moment of the deletion, in 20 rounds', async () => {
      for (let round = 0; round < 20; round++) {
        const admin = await aPerson(stowage.client, 'founder');
        const { body } = await admin.post<{ id: string }>('/v1/organizations', { name: 'Lab' });
        const path = `/v1/organizations/${body.id}`;
        const team: Team = { organizationId: body.id, path, admin, developer: admin, viewer: admin };
        const cluster = await TestCluster.create(team, { cpu: 1 });
        await cluster.cordon();
        const submit = (): Promise<Answer> =>
          admin.post(`${cluster.path}/deployments`, { image: 'app', resources: { cpu: 1, memoryMib: 1 } });
        const [first, deleted, ...others] = await Promise.all([submit(), admin.delete(path), submit(), submit()]);
        const accepted = [first, ...others].filter(({ status }) => status === 201).length;
        expect({ round, deleted: deleted.status, isEmpty: accepted === 0 }).toEqual({
          round,
          deleted: accepted === 0 ? 204 : 409,
          isEmpty: accepted === 0,
        });
      }
    });
  });
});

describe('the audit log', () => {
  let team: Team;
  let operator: Person;

  beforeAll(async () => {
    team = await aTeam(stowage.client);
    operator = await aPerson(stowage.client, 'operator');
    await withClient(stowage.database.url, (client) =>
      client.query('update users set is_operator = true where id = $1', [operator.id]),
    );
  });

  const log = async (query = '', path = `${team.path}/audit`, by = team.admin): Promise<Page> => {
    const answer = await by.get<Page>(`${path}${query}`);
    if (answer.status !== 200) throw new Error(`the log was answered by ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  it('records one entry for each change, with actor, action, target, address and request', async () => {
    const person = await aMember(team, 'developer');
    const invite = await team.admin.post<{ id: string }>(`${team.path}/invites`, { role: 'viewer', note: 'n' });
    const memberPath = `${team.path}/members/${person.id}`;
    const changes: readonly [string, () => Promise<Answer<unknown>>, Partial<Entry>][] = [
      [
        'organization_rename',
        () => team.admin.patch(team.path, { name: 'New' }),
        { before: { name: 'Vision Lab' }, after: { name: 'New' } },
      ],
      ['invite_create', () => team.admin.post(`${team.path}/invites`, { role: 'viewer' }), { before: null }],
      [
        'invite_revoke',
        () => team.admin.delete(`${team.path}/invites/${invite.body.id}`),
        { before: { role: 'viewer', uses: 0, maxUses: 1 } },
      ],
      [
        'member_role_change',
        () => team.admin.patch(memberPath, { role: 'viewer' }),
        { before: { role: 'developer' }, after: { role: 'viewer' } },
      ],
      ['member_remove', () => team.admin.delete(memberPath), { before: { role: 'viewer' }, after: null }],
      [
        'organization_limits_change',
        () => operator.patch(`/v1/admin/organizations/${team.organizationId}`, { limits: { members: 50 } }),
        { before: { members: null }, after: { members: 50 } },
      ],
    ];
    for (const [action, change, expected] of changes) {
      const before = (await log('?limit=100')).items;
      const answer = await change();
      expect({ action, status: answer.status }).toEqual({ action, status: answer.status < 300 ? answer.status : 200 });
      const after = (await log('?limit=100')).items;
      expect(after.slice(1)).toEqual(before);
      const actor = action === 'organization_limits_change' ? operator : team.admin;
      expect(after[0]).toMatchObject({
        action,
        actor: { kind: 'user', id: actor.id, name: actor.username, tokenId: null },
        address: '127.0.0.1',
        requestId: answer.headers.get('x-request-id'),
        ...expected,
      });
    }
  });

  it('records no entry for requests that are refused or change nothing', async () => {
    const before = await log();
    await team.developer.patch(team.path, { name: 'x' });
    await team.admin.patch(`${team.path}/members/${team.admin.id}`, { role: 'viewer' });
    await team.admin.patch(`${team.path}/members/${team.viewer.id}`, { role: 'viewer' });
    await team.admin.delete(`${team.path}/invites/${newId()}`);
    await team.viewer.post('/v1/organizations/join', { code: 'nonsense' });
    expect(await log()).toEqual(before);
  });

  it('names the token that was used, and its user', async () => {
    const made = await team.admin.post<{ id: string; token: string }>('/v1/me/tokens', {
      name: 'ops',
      organizationId: team.organizationId,
      role: 'admin',
    });
    await team.admin.patch(team.path, { name: 'Renamed by a program' }, { token: made.body.token });
    const [entry] = (await log('?action=organization_rename&limit=1')).items;
    expect(entry?.actor).toEqual({
      kind: 'api-token',
      id: team.admin.id,
      name: team.admin.username,
      tokenId: made.body.id,
    });
  });

  it('lists each entry once, latest first, page by page', async () => {
    const entries: Entry[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = await log(`?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
      entries.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries).toEqual((await log('?limit=100')).items);
    const times = entries.map(({ occurredAt }) => occurredAt);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(entries.at(-1)?.action).toBe('organization_create');
  });

  it('filters by actor, action, target and time', async () => {
    const { items } = await log('?limit=100');
    const of = async (query: string): Promise<string[]> => (await log(`?limit=100&${query}`)).items.map(({ id }) => id);
    const where = (keep: (entry: Entry) => boolean): string[] => items.filter(keep).map(({ id }) => id);
    const joins = where(({ action }) => action === 'member_join');
    expect(joins.length).toBeGreaterThan(1);
    expect(await of('action=member_join')).toEqual(joins);
    expect(await of(`actorId=${team.viewer.id}`)).toEqual(where(({ actor }) => actor.id === team.viewer.id));
    expect(await of('targetKind=invite')).toEqual(where(({ target }) => target.kind === 'invite'));
    expect(await of(`targetId=${team.viewer.id}`)).toEqual(where(({ target }) => target.id === team.viewer.id));
    const middle = items[Math.floor(items.length / 2)]?.occurredAt ?? '';
    expect(await of(`from=${middle}`)).toEqual(where(({ occurredAt }) => occurredAt >= middle));
    expect(await of(`until=${middle}`)).toEqual(where(({ occurredAt }) => occurredAt < middle));
    expect(await of(`action=member_join&actorId=${team.admin.id}`)).toEqual([]);
  });

  it.each([
    ['from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 422, 'AUDIT.RANGE_EMPTY'],
    ['from=yesterday', 400, 'REQUEST.INVALID'],
    ['from=2026-02-31T00:00:00Z', 400, 'REQUEST.INVALID'],
    ['actorId=me', 400, 'REQUEST.INVALID'],
    ['sort=password_hash', 400, 'REQUEST.INVALID'],
  ])('refuses %s', async (query, status, code) => {
    expect(await team.admin.get(`${team.path}/audit?${query}`)).toMatchObject({ status, body: { code } });
  });

  it('refuses a cursor of another organization or another filter', async () => {
    const other = await aTeam(stowage.client, 'Other');
    const { nextCursor } = await log('?limit=1');
    for (const [person, path] of [
      [other.admin, `${other.path}/audit?limit=1&cursor=${nextCursor ?? ''}`],
      [team.admin, `${team.path}/audit?limit=1&action=member_join&cursor=${nextCursor ?? ''}`],
    ] as const) {
      expect(await person.get(path)).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID_CURSOR' } });
    }
  });

  it('shows accounts and sign-ins, which concern no organization, to operators alone', async () => {
    const entries = (await log('?limit=100', '/v1/admin/audit', operator)).items;
    expect(entries.length).toBeGreaterThan(3);
    expect(new Set(entries.map((entry) => (entry as unknown as { organizationId: null }).organizationId))).toEqual(
      new Set([null]),
    );
    const { items } = await log(`?limit=100&organizationId=${team.organizationId}`, '/v1/admin/audit', operator);
    expect(items).toEqual((await log('?limit=100')).items);
  });
});
