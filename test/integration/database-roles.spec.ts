import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { TestCluster } from '../support/clusters.js';
import { withClient } from '../support/database.js';
import { aTeam } from '../support/people.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

describe('a process whose role owns no table', () => {
  let stowage: Stowage;

  beforeAll(async () => {
    stowage = await Stowage.start();
  });

  afterAll(async () => {
    await stowage.stop();
  });

  const refusalOf = (statement: string): Promise<unknown> =>
    withClient(stowage.database.processUrl, (client) =>
      client.query(statement).then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code,
      ),
    );

  it('lets members submit, edit, end and cancel deployments, and passes place them', async () => {
    const team = await aTeam(stowage.client);
    const cluster = await TestCluster.create(team, { cpu: 2 });
    const [first, second] = [await cluster.submit(), await cluster.submit({ maxRetries: 1 })];
    const statusOf = async (id: string, status: string): Promise<void> => {
      await eventually(
        () => cluster.statusOf(id),
        (now) => now === status,
      );
    };
    await statusOf(first, 'scheduled');
    await statusOf(second, 'scheduled');
    const waiting = await cluster.submit();
    const edited = await team.developer.patch(cluster.deploymentPath(waiting), { labels: { a: 'b' } });
    expect(edited.status).toBe(200);
    expect((await cluster.complete(first)).status).toBe(200);
    await statusOf(waiting, 'scheduled');
    const failed = await team.admin.post(`${cluster.deploymentPath(second)}/complete`, { outcome: 'failed' });
    expect(failed.status).toBe(200);
    await cluster.cancel(waiting);
    await statusOf(second, 'scheduled');
    expect((await team.viewer.get(`${team.path}/events`)).status).toBe(200);
    expect((await stowage.client.get('/metrics')).text).toContain('stowage_database_up 1');
    expect((await stowage.client.get('/health/ready')).status).toBe(200);
  });

  it.each([
    'alter table audit_entries disable trigger all',
    'alter table ledger_entries disable trigger ledger_entries_immutable',
    'drop table audit_entries',
    'drop trigger audit_entries_append_only on audit_entries',
    'truncate deployments cascade',
    'truncate audit_entries',
    'update audit_entries set actor_name = actor_name',
    'delete from audit_entries',
    'update ledger_entries set cpu_millis = 0',
    'delete from ledger_checkpoints',
    `insert into schema_migrations (name) values ('x')`,
    'create table public.things (id int)',
    'alter table deployments add column x int',
    'create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return null; end $$',
    `set session_replication_role = replica`,
  ])('refuses the statement %s', async (statement) => {
    expect(await refusalOf(statement)).toBe('42501');
  });
});
