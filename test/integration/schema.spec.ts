import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, type QueryResultRow } from 'pg';

import { newId } from '#kernel';

import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** Tables that belong to no organization. */
const GLOBAL_TABLES = [
  'idempotent_answers',
  'ledger_audits',
  'login_addresses',
  'organizations',
  'reset_codes',
  'schema_migrations',
  'sessions',
  'users',
];

interface ForeignKey {
  table: string;
  target: string;
  columns: string[];
  targetColumns: string[];
}

describe('the schema', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  const rows = async <Row extends QueryResultRow>(sql: string): Promise<Row[]> => (await client.query<Row>(sql)).rows;

  const tables = async (): Promise<string[]> =>
    (
      await rows<{ name: string }>(
        `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
      )
    ).map(({ name }) => name);

  const foreignKeys = (): Promise<ForeignKey[]> =>
    rows<ForeignKey>(`
      select f.conrelid::regclass::text as table, f.confrelid::regclass::text as target,
             array(select attname::text from unnest(f.conkey) with ordinality k (num, at)
                   join pg_attribute on attrelid = f.conrelid and attnum = k.num order by at) as columns,
             array(select attname::text from unnest(f.confkey) with ordinality k (num, at)
                   join pg_attribute on attrelid = f.confrelid and attnum = k.num order by at) as "targetColumns"
      from pg_constraint f where f.contype = 'f' order by 1, 2`);

  /** An organization with a cluster and a deployment whose resources are allocated. */
  const seed = async (): Promise<{ organizationId: string; clusterId: string; deploymentId: string }> => {
    const [organizationId, clusterId, deploymentId, userId] = [newId(), newId(), newId(), newId()];
    await client.query('insert into users (id, username, username_key, password_hash) values ($1, $2, $2, $3)', [
      userId,
      `u-${userId.slice(-12)}`,
      '$argon2id$test',
    ]);
    await client.query(`insert into organizations (id, name, created_by) values ($1, 'Lab', $2)`, [
      organizationId,
      userId,
    ]);
    await client.query(
      `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
       values ($1, $2, 'pool', 'pool', 100, 100, 100, $3)`,
      [clusterId, organizationId, userId],
    );
    await client.query(
      `insert into deployments (organization_id, id, cluster_id, name, image, cpu_millis, memory_mib, gpu_millis, priority, submitted_by)
       values ($1, $2, $3, 'app', 'app', 1, 1, 1, 50, $4)`,
      [organizationId, deploymentId, clusterId, userId],
    );
    return { organizationId, clusterId, deploymentId };
  };

  const entry = (
    of: { organizationId: string; clusterId: string; deploymentId: string },
    kind: string,
  ): Promise<unknown> =>
    client.query(
      `insert into ledger_entries (organization_id, cluster_id, deployment_id, attempt, kind, cpu_millis, memory_mib, gpu_millis, pass_id)
       values ($1, $2, $3, 1, $4, 1, 1, 1, $5)`,
      [of.organizationId, of.clusterId, of.deploymentId, kind, newId()],
    );

  it('lists every table with or without an organization', async () => {
    const tenants = await rows<{ name: string; nullable: string }>(
      `select table_name as name, is_nullable as nullable from information_schema.columns
       where table_schema = 'public' and column_name = 'organization_id' order by 1`,
    );
    expect([...tenants.map(({ name }) => name), ...GLOBAL_TABLES].sort()).toEqual(await tables());
    // What operators do belongs to no organization, and is told all the same.
    expect(tenants.filter(({ nullable }) => nullable === 'YES').map(({ name }) => name)).toEqual(['audit_entries']);
  });

  it("keeps rows within their organization: keys between tables hold the organization's id on both sides", async () => {
    const keys = await foreignKeys();
    const between = keys.filter(
      ({ table, target }) => !GLOBAL_TABLES.includes(table) && !GLOBAL_TABLES.includes(target),
    );
    expect(between.length).toBeGreaterThanOrEqual(7);
    for (const { table, target, columns, targetColumns } of between) {
      const at = columns.indexOf('organization_id');
      expect({ table, target, columns, targetColumns, at: targetColumns[at] }).toMatchObject({ at: 'organization_id' });
    }
  });

  it('has a key for every column that names a cluster or a deployment of an organization', async () => {
    const naming = await rows<{ table: string; column: string }>(
      `select table_name as table, column_name as column from information_schema.columns
       where table_schema = 'public' and column_name in ('cluster_id', 'deployment_id', 'service_account_id') order by 1, 2`,
    );
    const keys = await foreignKeys();
    const without = naming.filter(
      ({ table, column }) => !keys.some((key) => key.table === table && key.columns.includes(column)),
    );
    // An event names its cluster beside its deployment, whose own key leads there; a sum, a forecast and a gathered run stand for a deployment that
    // may have gone.
    expect(without).toEqual([
      { table: 'deployment_events', column: 'cluster_id' },
      { table: 'gathered_runs', column: 'deployment_id' },
      { table: 'start_predictions', column: 'deployment_id' },
      { table: 'usage_sums', column: 'deployment_id' },
    ]);
  });

  it('refuses an event or an entry of a deployment under another organization', async () => {
    const [here, there] = [await seed(), await seed()];
    await expect(entry({ ...here, organizationId: there.organizationId }, 'allocate')).rejects.toMatchObject({
      code: '23503',
    });
    await expect(entry({ ...here, clusterId: there.clusterId }, 'allocate')).rejects.toMatchObject({ code: '23503' });
    await expect(
      client.query(`update deployments set cluster_id = $1 where id = $2`, [there.clusterId, here.deploymentId]),
    ).rejects.toMatchObject({ code: '23503' });
  });

  it('refuses to allocate more than there is, or less than nothing', async () => {
    const { clusterId } = await seed();
    for (const resource of ['cpu_millis', 'memory_mib', 'gpu_millis']) {
      for (const amount of [101, -1]) {
        await expect(
          client.query(`update clusters set allocated_${resource} = ${amount} where id = $1`, [clusterId]),
        ).rejects.toMatchObject({ constraint: `clusters_${resource}_check` });
      }
      await client.query(`update clusters set allocated_${resource} = 100 where id = $1`, [clusterId]);
      await expect(
        client.query(`update clusters set capacity_${resource} = 99 where id = $1`, [clusterId]),
      ).rejects.toMatchObject({ constraint: `clusters_${resource}_check` });
    }
  });

  it('refuses to allocate or release an attempt twice, and kinds of entries that do not exist', async () => {
    const of = await seed();
    await entry(of, 'allocate');
    await expect(entry(of, 'allocate')).rejects.toMatchObject({ constraint: 'ledger_entries_attempt_unique' });
    await entry(of, 'release');
    await expect(entry(of, 'release')).rejects.toMatchObject({ constraint: 'ledger_entries_attempt_unique' });
    await expect(entry(of, 'borrow')).rejects.toMatchObject({ constraint: 'ledger_entries_kind_check' });
  });

  it('refuses to change a ledger entry, and removes entries only with a deployment whose usage is kept', async () => {
    const of = await seed();
    await entry(of, 'allocate');
    const where = `where deployment_id = '${of.deploymentId}'`;
    await expect(client.query(`update ledger_entries set cpu_millis = 2 ${where}`)).rejects.toMatchObject({
      code: '23001',
    });
    await expect(client.query(`delete from ledger_entries ${where}`)).rejects.toMatchObject({ code: '23001' });
    const remove = (): Promise<unknown> => client.query(`delete from deployments where id = $1`, [of.deploymentId]);
    await expect(remove()).rejects.toMatchObject({ code: '23001' });
    await client.query(
      `insert into usage_sums (organization_id, cluster_id, deployment_id, attempt, name, submitted_by, labels, opened_at, closed_at, cpu_millis, memory_mib, gpu_millis)
       values ($1, $2, $3, 1, 'app', $3, '{}', now(), now(), 1, 1, 1)`,
      [of.organizationId, of.clusterId, of.deploymentId],
    );
    await expect(client.query(`delete from ledger_entries ${where}`)).rejects.toMatchObject({ code: '23001' });
    await remove();
    expect(await rows(`select 1 from ledger_entries ${where}`)).toEqual([]);
  });

  it('refuses to change a checkpoint, or to write one that does not balance', async () => {
    const of = await seed();
    const checkpoint = (allocated: number, released: number): Promise<unknown> =>
      client.query(`insert into ledger_checkpoints values ($1, $2, 1, 2, $3, 0, 0, $4, 0, 0, 0, 0, 0, now())`, [
        of.clusterId,
        of.organizationId,
        allocated,
        released,
      ]);
    await expect(checkpoint(2, 1)).rejects.toMatchObject({ constraint: 'ledger_checkpoints_balance_check' });
    await checkpoint(2, 2);
    for (const change of [
      'update ledger_checkpoints set entries = 1',
      'update ledger_checkpoints set deployments = 0',
      `update ledger_checkpoints set closed_until = '2020-01-01'`,
      'delete from ledger_checkpoints',
    ]) {
      await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    }
    await client.query('update ledger_checkpoints set entries = 4, allocated_cpu_millis = 3, released_cpu_millis = 3');
  });

  it('refuses a status that does not exist, an end without a time, and a time without an end', async () => {
    const { deploymentId } = await seed();
    const set = (assignment: string): Promise<unknown> =>
      client.query(`update deployments set ${assignment} where id = $1`, [deploymentId]);
    await expect(set(`status = 'paused'`)).rejects.toMatchObject({ constraint: 'deployments_status_check' });
    await expect(set(`status = 'succeeded'`)).rejects.toMatchObject({ constraint: 'deployments_ended_check' });
    await expect(set(`ended_at = now()`)).rejects.toMatchObject({ constraint: 'deployments_ended_check' });
    await expect(set(`cpu_millis = 0, memory_mib = 0, gpu_millis = 0`)).rejects.toMatchObject({
      constraint: 'deployments_request_check',
    });
    await expect(set(`priority = 101`)).rejects.toMatchObject({ constraint: 'deployments_priority_check' });
  });
});
