import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { type Answer } from '../../support/api-client.js';
import { cases } from '../../support/cases.js';
import { aMember, aPerson, aTeam, type Person, type Team } from '../../support/people.js';
import { Random } from '../../support/random.js';
import { sharedInstallation } from '../../support/shared-installation.js';

interface Invite {
  id: string;
  code: string;
  uses: number;
  usesLeft: number;
  state: string;
  role: string;
  createdBy: { id: string; name: string | null };
}

const PEOPLE = 100;
const ROUNDS = cases(100);

const stowage = await sharedInstallation();

describe('invite codes', () => {
  let client: Client;
  let team: Team;
  let people: Person[];

  beforeAll(async () => {
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    team = await aTeam(stowage.client);
    people = await Promise.all(Array.from({ length: PEOPLE }, () => aPerson(stowage.client, 'joiner')));
  });

  afterAll(async () => {
    await client.end();
  });

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, values)).rows;

  const order = async (fields: object, by = team.admin): Promise<Invite> => {
    const answer = await by.post<Invite>(`${team.path}/invites`, { role: 'viewer', ...fields });
    if (answer.status !== 201) throw new Error(`an invite was answered by ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  const join = (person: Person, code: string): Promise<Answer<{ code?: string; role?: string }>> =>
    person.post('/v1/organizations/join', { code });

  const listed = async (id: string): Promise<Invite | undefined> =>
    (await team.admin.get<{ items: Invite[] }>(`${team.path}/invites?limit=100`)).body.items.find(
      (one) => one.id === id,
    );

  /** All of them at once. @returns how many were let in */
  const race = async (joiners: readonly Person[], code: string): Promise<number> => {
    const answers = await Promise.all(joiners.map((person) => join(person, code)));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(new Set(refused.map(({ status, body }) => `${status} ${body.code ?? ''}`))).toEqual(
      refused.length === 0 ? new Set() : new Set(['410 INVITES.EXHAUSTED']),
    );
    return answers.length - refused.length;
  };

  const everybodyLeaves = (): Promise<unknown> =>
    sql('delete from memberships where organization_id = $1 and user_id = any($2)', [
      team.organizationId,
      people.map(({ id }) => id),
    ]);

  it('accepts exactly 7 of 100 users who join at once with a code of 7 uses', async () => {
    const { id, code } = await order({ maxUses: 7 });
    expect(await race(people, code)).toBe(7);
    expect(await listed(id)).toMatchObject({ uses: 7, usesLeft: 0, state: 'used-up' });
    const members = await team.viewer.get<{ items: unknown[] }>(`${team.path}/members?limit=100`);
    expect(members.body.items).toHaveLength(3 + 7);
    await everybodyLeaves();
  });

  it('accepts exactly as many members as a code has uses, in races of random size', async () => {
    const random = Random.of('races for invites');
    for (let round = 0; round < ROUNDS; round++) {
      const [uses, from] = [random.integer(1, 4), random.integer(0, PEOPLE - 10)];
      const joiners = people.slice(from, from + uses + random.integer(1, 4));
      const { id, code } = await order({ maxUses: uses });
      const letIn = await race(joiners, code);
      const [row] = await sql(
        `select uses, (select count(*)::int from memberships where organization_id = $2 and user_id = any($3)) as members,
                (select count(*)::int from audit_entries where action = 'member_join' and after ->> 'inviteId' = invites.id::text) as entries
         from invites where id = $1`,
        [id, team.organizationId, joiners.map((person) => person.id)],
      );
      expect({ round, letIn, ...row }).toEqual({ round, letIn: uses, uses, members: uses, entries: uses });
      await everybodyLeaves();
    }
  });

  it('spends no use and changes no role when a member joins again, also twenty times at once', async () => {
    const [person] = people as [Person];
    const { id, code } = await order({ role: 'developer', maxUses: 2 });
    const first = await Promise.all(Array.from({ length: 20 }, () => join(person, code)));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200]));
    const admins = await order({ role: 'admin', maxUses: 1 });
    expect(await join(person, admins.code)).toMatchObject({ status: 200, body: { role: 'developer' } });
    expect(await listed(id)).toMatchObject({ uses: 1, usesLeft: 1, state: 'usable' });
    expect(await listed(admins.id)).toMatchObject({ uses: 0, usesLeft: 1 });
    await everybodyLeaves();
  });

  it('refuses expired, revoked and spent codes with the reason, and others as unknown', async () => {
    const [person, other] = people as [Person, Person];
    const [revoked, expired, used] = [await order({}), await order({}), await order({ maxUses: 1 })];
    expect((await team.admin.delete(`${team.path}/invites/${revoked.id}`)).status).toBe(204);
    expect((await team.admin.delete(`${team.path}/invites/${revoked.id}`)).status).toBe(204);
    await sql(`update invites set expires_at = now() where id = $1`, [expired.id]);
    await join(other, used.code);
    for (const [code, status, problem] of [
      [revoked.code, 410, 'INVITES.REVOKED'],
      [expired.code, 410, 'INVITES.EXPIRED'],
      [used.code, 410, 'INVITES.EXHAUSTED'],
      [used.code.replace(/^./, (first) => (first === '0' ? '1' : '0')), 404, 'INVITES.NOT_FOUND'],
      ['nonsense', 404, 'INVITES.NOT_FOUND'],
    ] as const) {
      expect(await join(person, code)).toMatchObject({ status, body: { code: problem } });
    }
    expect(await listed(revoked.id)).toMatchObject({ state: 'revoked', usesLeft: 0 });
    expect(await listed(expired.id)).toMatchObject({ state: 'expired', usesLeft: 0 });
    await everybodyLeaves();
  });

  it('accepts codes in lower case, with spaces, and with letters that look like digits', async () => {
    const [person] = people as [Person];
    const { code } = await order({});
    const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    expect((await join(person, typed)).status).toBe(200);
    await everybodyLeaves();
  });

  it('shows a code once, stores its hash, and lists invites to admins alone, newest first, page by page', async () => {
    const { id, code } = await order({ note: 'interns' });
    const [stored] = await sql('select to_jsonb(i)::text as row from invites i where id = $1', [id]);
    expect(String(stored?.['row'])).not.toContain(code);
    const first = await team.admin.get<{ items: Invite[]; nextCursor: string }>(`${team.path}/invites?limit=2`);
    expect(first.body.items[0]).toMatchObject({ id, createdBy: { id: team.admin.id, name: team.admin.username } });
    expect(first.text).not.toContain(code);
    const next = await team.admin.get<{ items: Invite[] }>(
      `${team.path}/invites?limit=2&cursor=${first.body.nextCursor}`,
    );
    expect(next.body.items.map((invite) => invite.id)).not.toContain(id);
    expect((await team.developer.get(`${team.path}/invites`)).status).toBe(403);
  });

  it('refuses to create an invite for developers and their tokens, whatever its role', async () => {
    const developers = await team.admin.post<{ token: string }>('/v1/me/tokens', {
      name: 'weak',
      organizationId: team.organizationId,
      role: 'developer',
    });
    for (const token of [team.developer.token, developers.body.token]) {
      for (const role of ['viewer', 'developer', 'admin']) {
        const answer = await team.developer.post(`${team.path}/invites`, { role }, { token });
        expect(answer).toMatchObject({ status: 403, body: { code: 'RBAC.ROLE_TOO_LOW', requiredRole: 'admin' } });
      }
    }
  });

  it.each([
    { maxUses: 0 },
    { maxUses: -1 },
    { maxUses: 1e9 },
    { expiresInSeconds: 59 },
    { expiresInSeconds: 31_536_000 },
    { role: 'owner' },
  ])('refuses to create an invite with %j', async (fields) => {
    expect((await team.admin.post(`${team.path}/invites`, { role: 'viewer', ...fields })).status).toBe(400);
  });

  it('refuses a code while its maker is no admin', async () => {
    const maker = await aMember(team, 'admin');
    const [person] = people as [Person];
    const { code } = await order({}, maker);
    await team.admin.patch(`${team.path}/members/${maker.id}`, { role: 'developer' });
    expect(await join(person, code)).toMatchObject({ status: 410, body: { code: 'INVITES.REVOKED' } });
    await team.admin.patch(`${team.path}/members/${maker.id}`, { role: 'admin' });
    expect((await join(person, code)).status).toBe(200);
    await everybodyLeaves();
  });

  it('refuses codes that were made before an admin removed the user, and admits by a later one', async () => {
    const [person, other] = people as [Person, Person];
    const { code } = await order({ maxUses: 5 });
    for (const joiner of [person, other]) expect((await join(joiner, code)).status).toBe(200);
    expect((await team.admin.delete(`${team.path}/members/${person.id}`)).status).toBe(204);
    expect((await other.post(`${team.path}/leave`)).status).toBe(204);
    expect(await join(person, code)).toMatchObject({ status: 410, body: { code: 'INVITES.MEMBER_REMOVED' } });
    expect((await join(other, code)).status).toBe(200);
    const later = await order({ maxUses: 5 });
    expect((await join(person, later.code)).status).toBe(200);
    expect((await person.post(`${team.path}/leave`)).status).toBe(204);
    expect((await join(person, code)).status).toBe(200);
    await everybodyLeaves();
  });

  it('refuses further codes after thirty that do not exist, to one account alone', async () => {
    const [guesser, other] = [await aPerson(stowage.client, 'guesser'), await aPerson(stowage.client, 'guest')];
    for (let i = 0; i < 30; i++) expect((await join(guesser, 'nonsense')).status).toBe(404);
    const { code } = await order({});
    const refused = await join(guesser, code);
    expect(refused).toMatchObject({ status: 429, body: { code: 'REQUEST.TOO_MANY', limit: 'invite-codes' } });
    expect((await join(other, code)).status).toBe(200);
  });

  it('adds a user who registers with a code, or creates no account at all', async () => {
    const { code } = await order({ role: 'developer' });
    const register = (inviteCode: string): Promise<Answer<{ accessToken: string }>> =>
      stowage.client.post('/v1/auth/register', {
        body: { username: `invited-${process.pid}`, password: 'correct horse battery staple', inviteCode },
      });
    expect((await register('nonsense')).status).toBe(404);
    const registered = await register(code);
    expect(registered.status).toBe(201);
    const mine = await stowage.client.get<{ items: object[] }>('/v1/organizations', {
      token: registered.body.accessToken,
    });
    expect(mine.body.items).toEqual([expect.objectContaining({ id: team.organizationId, role: 'developer' })]);
    const [entry] = await sql(
      `select address, request_id from audit_entries where action = 'member_join' order by id desc limit 1`,
    );
    expect(entry).toEqual({ address: expect.any(String), request_id: expect.any(String) });
  });
});
