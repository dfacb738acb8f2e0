import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { newId } from '#kernel';

import { TestCluster } from '../../support/clusters.js';
import { aTeam, type Team } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';
import { eventually } from '../../support/wait.js';

/** A key from a row of one organization to a row of the same one. */
interface TenantKey {
  readonly table: string;
  readonly target: string;
  /** The columns beside `organization_id`, in the same order on both sides. */
  readonly columns: readonly string[];
  readonly targetColumns: readonly string[];
}

/** A foreign key's refusal; of the ledger and its checkpoints, that they are never changed, which is asked before. */
const refusalIn = (table: string): string =>
  ['ledger_entries', 'ledger_checkpoints'].includes(table) ? '23001' : '23503';

/** Everything that an organization can have a row of. */
async function furnish(team: Team): Promise<void> {
  const cluster = await TestCluster.create(team, { cpu: 1 });
  const account = await team.admin.post<{ id: string }>(`${team.path}/service-accounts`, {
    name: team.organizationId,
    role: 'viewer',
  });
  await team.admin.post(`${team.path}/service-accounts/${account.body.id}/tokens`, { name: 'key' });
  await team.admin.client.send('PUT', `${cluster.path}/access/${team.developer.id}`, { token: team.admin.token });
  const [running] = [await cluster.submit(), await cluster.submit()];
  await eventually(
    () => cluster.deployment(running),
    ({ status }) => status === 'scheduled',
  );
}

describe('rows of different organizations', () => {
  let stowage: Stowage;
  let client: Client;
  let here: Team;
  let there: Team;

  beforeAll(async () => {
    stowage = await Stowage.start();
    [here, there] = [await aTeam(stowage.client), await aTeam(stowage.client, 'Elsewhere')];
    await furnish(here);
    await furnish(there);
    // A connection beside the whole service, as its own database user: no guard, no use case, no repository in the way.
    client = new Client({ connectionString: stowage.database.url });
    await client.connect();
    // What retention would leave in months.
    await client.query(`
      insert into ledger_checkpoints
      select id, organization_id, 1, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, now() from clusters`);
    await client.query(`
      insert into usage_sums
      select gen_random_uuid(), 1, organization_id, id, 'gone', created_by, '{}', now(), now(), 1, 1, 1 from clusters`);
    await client.query(`
      insert into learned_runtimes (cluster_id, kind, organization_id, runs, total, last_ended_at)
      select id, 'undeclared', organization_id, '{60}', 1, now() from clusters`);
    await client.query(`
      insert into start_predictions (cluster_id, deployment_id, organization_id, predicted_at, p10_ms, p50_ms, p90_ms, real_ms)
      select id, gen_random_uuid(), organization_id, now(), 1, 2, 3, 2 from clusters`);
    await client.query(`
      insert into gathered_runs (cluster_id, deployment_id, attempt, organization_id, expected_end_at)
      select id, gen_random_uuid(), 1, organization_id, now() from clusters`);
  });

  afterAll(async () => {
    await client.end();
    await stowage.stop();
  });

  const rows = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(text, values)).rows;

  const tenantKeys = async (): Promise<TenantKey[]> => {
    const names = (side: string, of: string): string => `
      array(select a.attname::text from unnest(f.${side}) with ordinality k (num, at)
            join pg_attribute a on a.attrelid = f.${of} and a.attnum = k.num
            where a.attname <> 'organization_id' order by k.at)`;
    return (
      await client.query<TenantKey>(`
        select f.conrelid::regclass::text as table, f.confrelid::regclass::text as target,
               ${names('conkey', 'conrelid')} as columns, ${names('confkey', 'confrelid')} as "targetColumns"
        from pg_constraint f
        where f.contype = 'f' and f.confrelid <> 'organizations'::regclass
          and exists (select from pg_attribute a where a.attrelid = f.confrelid and a.attname = 'organization_id')
        order by 1, 2`)
    ).rows;
  };

  /** What becomes of a statement: how many rows it changed, or the code of the refusal. Leaves nothing behind. */
  const outcomeOf = async (text: string, values: unknown[]): Promise<string> => {
    await client.query('savepoint attack');
    const outcome = await client.query(text, values).then(
      ({ rowCount }) => `done to ${rowCount ?? 0} rows`,
      (error: unknown) => (error as { code: string }).code,
    );
    await client.query('rollback to savepoint attack');
    return outcome;
  };

  const attack = async (work: () => Promise<void>): Promise<void> => {
    await client.query('begin');
    try {
      // What passes take away or write as they please is there in any case; each organization has a cluster to which nothing belongs.
      await client.query(
        `insert into cluster_signals (organization_id, cluster_id, reason) select organization_id, id, 'ended' from clusters`,
      );
      await client.query(
        `insert into cluster_schedules (organization_id, cluster_id) select organization_id, id from clusters on conflict do nothing`,
      );
      await client.query(
        `insert into cluster_blockers (cluster_id, organization_id, pass_id, as_of, shapes, waiting, blockers)
         select id, organization_id, gen_random_uuid(), now(), 0, 0, '' from clusters on conflict do nothing`,
      );
      await client.query(
        `insert into ledger_findings (id, organization_id, cluster_id, law, violations, samples)
         select gen_random_uuid(), organization_id, id, 'none', 1, '[]' from clusters`,
      );
      await client.query(
        `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
         select gen_random_uuid(), id, 'bare', 'bare ' || id, 1, 1, 1, created_by from organizations`,
      );
      await work();
    } finally {
      await client.query('rollback');
    }
  };

  it('refuses rows that point to a row of another organization, by every key between tables', async () => {
    const keys = await tenantKeys();
    expect(keys.length).toBeGreaterThanOrEqual(8);
    await attack(async () => {
      for (const { table, target, columns, targetColumns } of keys) {
        const [mine] = await rows(
          `select ctid::text as at from ${table}
           where organization_id = $1 ${columns.map((column) => `and ${column} is not null`).join(' ')} limit 1`,
          [here.organizationId],
        );
        const same = columns.map((column, index) => `t.${column} = o.${targetColumns[index] ?? ''}`).join(' and ');
        // One that no row points to yet: otherwise a unique key might refuse what the foreign key should.
        const [theirs] = await rows(
          `select ${targetColumns.join(', ')} from ${target} o
           where organization_id = $1 order by exists (select from ${table} t where ${same}) limit 1`,
          [there.organizationId],
        );
        const assignments = columns.map((column, index) => `${column} = $${index + 2}`).join(', ');
        const ids = targetColumns.map((column) => theirs?.[column]);
        const outcome = await outcomeOf(`update ${table} set ${assignments} where ctid = $1::tid`, [
          mine?.['at'],
          ...ids,
        ]);
        const isKnown = mine !== undefined && theirs !== undefined;
        expect({ table, target, isKnown, outcome }).toEqual({
          table,
          target,
          isKnown: true,
          outcome: refusalIn(table),
        });
      }
    });
  });

  it('refuses to move a row with references to another organization', async () => {
    const tables = new Set((await tenantKeys()).flatMap(({ table, target }) => [table, target]));
    await attack(async () => {
      for (const table of tables) {
        const outcome = await outcomeOf(`update ${table} set organization_id = $2 where organization_id = $1`, [
          here.organizationId,
          there.organizationId,
        ]);
        expect({ table, outcome }).toEqual({ table, outcome: refusalIn(table) });
      }
    });
  });

  it('refuses rows of an organization that does not exist', async () => {
    await attack(async () => {
      for (const [text, ...values] of [
        [`insert into memberships (organization_id, user_id, role) values ($1, $2, 'admin')`, here.admin.id],
        [
          `insert into clusters (id, organization_id, name, name_key, capacity_cpu_millis, capacity_memory_mib, capacity_gpu_millis, created_by)
        values ($2, $1, 'x', 'x', 1, 1, 1, $2)`,
          newId(),
        ],
        [
          `insert into service_accounts (id, organization_id, name, name_key, role) values ($2, $1, 'x', 'x', 'admin')`,
          newId(),
        ],
        [
          `insert into invites (id, organization_id, code_hash, role, max_uses, created_by, expires_at)
        values ($2, $1, sha256('x'), 'admin', 1, $2, now())`,
          newId(),
        ],
        [
          `insert into api_tokens (id, organization_id, user_id, role, name, token_hash, expires_at)
        values (gen_random_uuid(), $1, $2, 'admin', 'x', sha256('x'), now())`,
          here.admin.id,
        ],
      ] as const) {
        expect({ text, outcome: await outcomeOf(text, [newId(), ...values]) }).toEqual({ text, outcome: '23503' });
      }
    });
  });
});
