import { describe, expect, it } from '@jest/globals';

import { type Answer } from '../support/api-client.js';
import { withClient } from '../support/database.js';
import { aPerson, aTeam, type Person } from '../support/people.js';
import { sharedInstallation } from '../support/shared-installation.js';

interface Invite {
  id: string;
  code: string;
  uses: number;
  maxUses: number;
}

const stowage = await sharedInstallation();
const team = await aTeam(stowage.client);

describe('joining an organization', () => {
  const query = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    withClient(stowage.database.url, async (client) => (await client.query<Record<string, unknown>>(sql, values)).rows);

  const invite = async (fields: Record<string, unknown> = {}): Promise<Invite> =>
    (await team.admin.post<Invite>(`${team.path}/invites`, { role: 'developer', ...fields })).body;

  const join = (person: Person, code: string): Promise<Answer> => person.post('/v1/organizations/join', { code });

  const usesOf = async ({ id }: Invite): Promise<unknown> =>
    (await query('select uses from invites where id = $1', [id]))[0]?.['uses'];

  it('gives the role of the code, once for each user', async () => {
    const made = await invite({ role: 'viewer', maxUses: 2, note: 'interns' });
    expect(made).toMatchObject({ uses: 0, maxUses: 2, role: 'viewer', note: 'interns' });
    const person = await aPerson(stowage.client);
    expect((await person.get(team.path)).status).toBe(404);
    const joined = await join(person, made.code);
    expect(joined).toMatchObject({
      status: 200,
      body: { id: team.organizationId, name: 'Vision Lab', role: 'viewer' },
    });
    expect((await person.get(team.path)).body).toEqual(joined.body);
    expect(await join(person, made.code)).toMatchObject({ status: 200, body: joined.body });
    expect(await usesOf(made)).toBe(1);
  });

  it('spends no use and changes no role when a member joins again', async () => {
    const made = await invite({ role: 'viewer' });
    expect(await join(team.admin, made.code)).toMatchObject({ status: 200, body: { role: 'admin' } });
    expect(await usesOf(made)).toBe(0);
  });

  it('accepts a code in lower case and with spaces', async () => {
    const made = await invite();
    const typed = ` ${made.code.toLowerCase().replaceAll('-', ' ')} `;
    expect(await join(await aPerson(stowage.client), typed)).toMatchObject({
      status: 200,
      body: { role: 'developer' },
    });
  });

  it('accepts exactly as many users as the code allows when many join at once', async () => {
    const made = await invite({ maxUses: 7 });
    const people = await Promise.all(Array.from({ length: 20 }, () => aPerson(stowage.client)));
    const answers = await Promise.all(people.map((person) => join(person, made.code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
    expect(
      answers.filter(({ status }) => status !== 200).map(({ status, body }) => `${status} ${String(body['code'])}`),
    ).toEqual(Array<string>(13).fill('410 INVITES.EXHAUSTED'));
    expect(await usesOf(made)).toBe(7);
    const members = await query('select count(*)::int as count from memberships where user_id = any($1)', [
      people.map(({ id }) => id),
    ]);
    expect(members).toEqual([{ count: 7 }]);
  });

  it('refuses a code that expired, was revoked, or was made by a former admin', async () => {
    const person = await aPerson(stowage.client);
    const cases = [
      ['update invites set expires_at = now() where id = $1', '410 INVITES.EXPIRED'],
      ['update invites set revoked_at = now() where id = $1', '410 INVITES.REVOKED'],
      [
        `update memberships set role = 'developer' where user_id = (select created_by from invites where id = $1)`,
        '410 INVITES.REVOKED',
      ],
      ['delete from memberships where user_id = (select created_by from invites where id = $1)', '410 INVITES.REVOKED'],
    ] as const;
    const heard: string[] = [];
    for (const [damage] of cases) {
      const made = await invite();
      await query(damage, [made.id]);
      const { status, body } = await join(person, made.code);
      heard.push(`${status} ${String(body['code'])}`);
      expect(await usesOf(made)).toBe(0);
      await query(
        `insert into memberships (organization_id, user_id, role) values ($1, $2, 'admin') on conflict (organization_id, user_id) do update set role = 'admin'`,
        [team.organizationId, team.admin.id],
      );
    }
    expect(heard).toEqual(cases.map(([, expected]) => expected));
    expect((await person.get(team.path)).status).toBe(404);
  });

  it('works in one step with a registration', async () => {
    const made = await invite({ role: 'viewer' });
    const credentials = { username: 'newcomer', password: 'plum wagon orbit 42' };
    const { body } = await stowage.client.post<{ accessToken: string }>('/v1/auth/register', {
      body: { ...credentials, inviteCode: made.code },
    });
    const { accessToken: token } = body;
    const organizations = await stowage.client.get<{ items: unknown[] }>('/v1/organizations', { token });
    expect(organizations.body.items).toMatchObject([{ id: team.organizationId, role: 'viewer' }]);
  });

  it('stores only the hash of a code, and shows the code in no other answer', async () => {
    const made = await invite();
    const bare = made.code.replaceAll('-', '');
    const dump = await query(
      `select to_jsonb(i)::text as row from invites i union all select to_jsonb(a)::text from audit_entries a`,
    );
    const texts = dump.map(({ row }) => String(row));
    expect(texts.some((row) => row.includes(made.id))).toBe(true);
    expect(texts.filter((row) => row.includes(made.code) || row.includes(bare))).toEqual([]);
  });

  it('records each change once in the audit log', async () => {
    const lab = await team.admin.post<{ id: string }>('/v1/organizations', { name: 'Audited' });
    const path = `/v1/organizations/${lab.body.id}`;
    const made = await team.admin.post<Invite>(`${path}/invites`, { role: 'viewer' });
    const person = await aPerson(stowage.client);
    await join(person, made.body.code);
    await join(person, made.body.code);
    const cluster = await team.admin.post<{ id: string }>(`${path}/clusters`, {
      name: 'pool',
      capacity: { cpu: 1, memoryMib: 1 },
    });
    await team.admin.post(`${path}/clusters/${cluster.body.id}/cordon`);
    await team.admin.post(`${path}/clusters/${cluster.body.id}/cordon`);
    await team.admin.post(`${path}/clusters`, { name: 'POOL', capacity: { cpu: 1, memoryMib: 1 } });
    await person.post(`${path}/clusters`, { name: 'mine', capacity: { cpu: 1, memoryMib: 1 } });
    const entries = await query(
      'select action, actor_id, target_kind from audit_entries where organization_id = $1 order by id',
      [lab.body.id],
    );
    expect(entries).toEqual([
      { action: 'organization_create', actor_id: team.admin.id, target_kind: 'organization' },
      { action: 'invite_create', actor_id: team.admin.id, target_kind: 'invite' },
      { action: 'member_join', actor_id: person.id, target_kind: 'member' },
      { action: 'cluster_create', actor_id: team.admin.id, target_kind: 'cluster' },
      { action: 'cluster_state_change', actor_id: team.admin.id, target_kind: 'cluster' },
    ]);
  });
});
