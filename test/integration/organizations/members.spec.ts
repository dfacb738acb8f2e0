import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { cases } from '../../support/cases.js';
import { aMember, aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { sharedInstallation } from '../../support/shared-installation.js';
import { eventually } from '../../support/wait.js';

const ROUNDS = cases(100);

const stowage = await sharedInstallation();

describe('members', () => {
  let client: Client;
  let team: Team;

  beforeAll(async () => {
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    team = await aTeam(stowage.client);
  });

  afterAll(async () => {
    await client.end();
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, values)).rows;

  const memberPath = (person: Person): string => `${team.path}/members/${person.id}`;

  it('lists members to every member, page by page, without their account data', async () => {
    await stowage.client.send('PATCH', '/v1/me', {
      token: team.developer.token,
      body: { email: 'dev@example.com', currentPassword: team.developer.password },
    });
    const seen: object[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: object[]; nextCursor: string | null } = (
        await team.viewer.get<{ items: object[]; nextCursor: string | null }>(
          `${team.path}/members?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
      ).body;
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    const of = ({ id, username }: Person, role: string): object => ({
      userId: id,
      username,
      role,
      joinedAt: expect.any(String),
    });
    const expected = [of(team.admin, 'admin'), of(team.developer, 'developer'), of(team.viewer, 'viewer')];
    expect(seen).toHaveLength(3);
    expect(seen).toEqual(expect.arrayContaining(expected));
  });

  it('applies a changed role from the next request on, also to API tokens', async () => {
    const person = await aMember(team, 'admin');
    const { body } = await person.post<{ token: string }>('/v1/me/tokens', {
      name: 'mine',
      organizationId: team.organizationId,
      role: 'admin',
    });
    const statuses = async (): Promise<number[]> => [
      (await person.get(`${team.path}/invites`)).status,
      (await person.get(`${team.path}/invites`, { token: body.token })).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    expect(await team.admin.patch(memberPath(person), { role: 'developer' })).toMatchObject({
      status: 200,
      body: { userId: person.id, role: 'developer' },
    });
    expect(await statuses()).toEqual([403, 403]);
    await team.admin.delete(memberPath(person));
  });

  it('refuses members who raise their own role, and unknown roles', async () => {
    const answer = await team.developer.patch(memberPath(team.developer), { role: 'admin' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'RBAC.ROLE_TOO_LOW' } });
    expect((await team.admin.patch(memberPath(team.developer), { role: 'owner' })).status).toBe(400);
    expect((await team.admin.patch(memberPath(team.developer), { role: 'admin', userId: team.viewer.id })).status).toBe(
      400,
    );
  });

  it('ends the access of a removed member at once, and keeps old tokens revoked after a new join', async () => {
    const person = await aMember(team, 'developer');
    const { body } = await person.post<{ token: string }>('/v1/me/tokens', {
      name: 'mine',
      organizationId: team.organizationId,
      role: 'developer',
    });
    expect((await team.admin.delete(memberPath(person))).status).toBe(204);
    expect((await person.get(team.path)).status).toBe(404);
    expect((await person.get(team.path, { token: body.token })).status).toBe(401);
    expect((await team.admin.delete(memberPath(person))).body).toMatchObject({ code: 'MEMBERS.NOT_FOUND' });

    const invite = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'developer' });
    await person.post('/v1/organizations/join', { code: invite.body.code });
    expect((await person.get(team.path)).status).toBe(200);
    expect((await person.get(team.path, { token: body.token })).status).toBe(401);
    await team.admin.delete(memberPath(person));
  });

  it.each([
    ['without a key', {}],
    ['under a key', { 'Idempotency-Key': 'late' }],
  ])('creates no token in a race with the removal of its member, %s', async (_name, headers) => {
    const person = await aMember(team, 'developer');
    const remover = new Client({ connectionString: stowage.database.url });
    await remover.connect();
    let answer: ReturnType<Person['post']>;
    try {
      await remover.query('begin');
      await remover.query('select 1 from organizations where id = $1 for no key update', [team.organizationId]);
      const order = { name: 'late', organizationId: team.organizationId, role: 'developer' };
      answer = person.post('/v1/me/tokens', order, { headers });
      const waiting = `
        select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%"organizations"%for no key update%'`;
      await eventually(
        async () => (await sql(waiting)).length,
        (count) => count > 0,
      );
      // Removes the member in a transaction that locks the organization.
      for (const table of ['memberships', 'api_tokens']) {
        await remover.query(`delete from ${table} where organization_id = $1 and user_id = $2`, [
          team.organizationId,
          person.id,
        ]);
      }
      await remover.query('commit');
    } finally {
      await remover.end();
    }
    expect(await answer).toMatchObject({ status: 404, body: { code: 'ORGANIZATIONS.NOT_FOUND' } });
    expect(await sql('select 1 from api_tokens where user_id = $1', [person.id])).toEqual([]);
  });

  it('limits tokens of operators to their role as members, and creates none for operators who are no members', async () => {
    const order = { name: 'ops', organizationId: team.organizationId };
    const member = await aMember(team, 'viewer');
    const operator = await aPerson(stowage.client, 'operator');
    await sql('update users set is_operator = true where id = any($1)', [[member.id, operator.id]]);
    expect(await operator.post('/v1/me/tokens', { ...order, role: 'viewer' })).toMatchObject({
      status: 404,
      body: { code: 'ORGANIZATIONS.NOT_FOUND' },
    });
    expect(await member.post('/v1/me/tokens', { ...order, role: 'admin' })).toMatchObject({
      status: 403,
      body: { code: 'AUTH.TOKEN_ROLE_TOO_HIGH', role: 'viewer' },
    });
    const { body } = await member.post<{ token: string }>('/v1/me/tokens', { ...order, role: 'viewer' });
    expect((await member.get(team.path, { token: body.token })).status).toBe(200);
    await team.admin.delete(memberPath(member));
  });

  it('keeps the deployments of a member who leaves, for admins and for a later return', async () => {
    const person = await aMember(team, 'developer');
    const cluster = await team.admin.post<{ id: string }>(`${team.path}/clusters`, {
      name: 'pool',
      capacity: { cpu: 4, memoryMib: 4 },
    });
    await team.admin.post(`${team.path}/clusters/${cluster.body.id}/cordon`);
    const submit = async (): Promise<string> =>
      (
        await person.post<{ id: string }>(`${team.path}/clusters/${cluster.body.id}/deployments`, {
          image: 'app',
          resources: { cpu: 1, memoryMib: 1 },
        })
      ).body.id;
    const [first, second] = [await submit(), await submit()];
    await person.post(`${team.path}/leave`);

    expect((await team.viewer.get(`${team.path}/deployments/${first}`)).body).toMatchObject({
      status: 'queued',
      submittedBy: person.id,
    });
    expect((await person.post(`${team.path}/deployments/${first}/cancel`)).status).toBe(404);
    expect((await team.developer.post(`${team.path}/deployments/${first}/cancel`)).status).toBe(403);
    expect((await team.admin.post(`${team.path}/deployments/${first}/cancel`)).status).toBe(200);

    const invite = await team.admin.post<{ code: string }>(`${team.path}/invites`, { role: 'developer' });
    await person.post('/v1/organizations/join', { code: invite.body.code });
    expect((await person.post(`${team.path}/deployments/${second}/cancel`)).status).toBe(200);
    await team.admin.delete(memberPath(person));
  });

  describe('the last admin', () => {
    const LAST = { status: 409, body: { code: 'MEMBERS.LAST_ADMIN' } };

    it('refuses to demote or remove the last admin, or to let the last admin leave', async () => {
      expect(await team.admin.patch(memberPath(team.admin), { role: 'viewer' })).toMatchObject(LAST);
      expect(await team.admin.delete(memberPath(team.admin))).toMatchObject(LAST);
      expect(await team.admin.post(`${team.path}/leave`)).toMatchObject(LAST);
      expect((await team.admin.patch(memberPath(team.admin), { role: 'admin' })).status).toBe(200);
    });

    it('counts only admins who can still sign in', async () => {
      const other = await aMember(team, 'admin');
      await sql('update users set disabled_at = now() where id = $1', [other.id]);
      expect(await team.admin.post(`${team.path}/leave`)).toMatchObject(LAST);
      expect((await team.admin.delete(memberPath(other))).status).toBe(204);
    });

    it('counts no operator who is no member', async () => {
      const operator = await aPerson(stowage.client, 'operator');
      await sql('update users set is_operator = true where id = $1', [operator.id]);
      expect(await operator.delete(memberPath(team.admin))).toMatchObject(LAST);
      expect(await operator.post(`${team.path}/leave`)).toMatchObject({
        status: 404,
        body: { code: 'MEMBERS.NOT_FOUND' },
      });
    });

    it('keeps one admin when admins demote, remove and leave at once, in many rounds', async () => {
      const random = Random.of('races of admins');
      const admins = [await aMember(team, 'admin'), await aMember(team, 'admin')];
      await sql(`update memberships set role = 'viewer' where organization_id = $1 and user_id = $2`, [
        team.organizationId,
        team.admin.id,
      ]);
      const [a, b] = admins as [Person, Person];
      const attack = async (by: Person, on: Person): Promise<number> =>
        random
          .pick([
            () => by.patch(memberPath(on), { role: random.pick(['viewer', 'developer']) }),
            () => by.delete(memberPath(on)),
            () => on.post(`${team.path}/leave`),
          ])()
          .then(({ status }) => status);
      for (let round = 0; round < ROUNDS; round++) {
        const statuses = await Promise.all(
          random.fraction() < 0.5 ? [attack(a, b), attack(b, a)] : [attack(b, a), attack(a, b)],
        );
        const done = statuses.filter((status) => status < 300);
        const left = await sql(`select 1 from memberships where organization_id = $1 and role = 'admin'`, [
          team.organizationId,
        ]);
        // The second is refused as the last admin, or has lost the right to ask before it was heard.
        expect({ round, statuses, done: done.length, left: left.length }).toEqual({
          round,
          statuses,
          done: 1,
          left: 1,
        });
        expect([409, 403, 404]).toContain(statuses.find((status) => status >= 300));
        for (const { id } of admins) {
          await sql(
            `insert into memberships (organization_id, user_id, role) values ($1, $2, 'admin')
             on conflict (organization_id, user_id) do update set role = 'admin'`,
            [team.organizationId, id],
          );
        }
      }
      await sql(`update memberships set role = 'admin' where organization_id = $1 and user_id = $2`, [
        team.organizationId,
        team.admin.id,
      ]);
    });
  });

  it('refuses a leave by an API token', async () => {
    const { body } = await team.developer.post<{ token: string }>('/v1/me/tokens', {
      name: 'mine',
      organizationId: team.organizationId,
      role: 'developer',
    });
    const answer = await team.developer.post(`${team.path}/leave`, undefined, { token: body.token });
    expect(answer).toMatchObject({ status: 403, body: { code: 'RBAC.SESSION_REQUIRED' } });
  });
});
