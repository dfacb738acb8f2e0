import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { databaseOptions, MikroORM } from '#database';

import { ENTITIES } from '../../apps/api/api.module.js';
import { createTestDatabase, type TestDatabase, withClient } from '../support/database.js';

/** What only the migrations declare, and the ORM would therefore remove. */
const BY_MIGRATIONS_ONLY = [
  /^set names 'utf8';$/,
  /^drop table if exists "schema_migrations" cascade;$/,
  /^alter table "\w+" drop constraint "\w+_fkey";$/,
  /^drop trigger if exists "(ledger_entries|ledger_checkpoints|audit_entries)_(immutable|append_only|no_truncate)" on "(ledger_entries|ledger_checkpoints|audit_entries)";$/,
  /^drop function if exists "(ledger_entries|ledger_checkpoints|audit_entries)_\w+_fn"\(\);$/,
  /^drop function if exists "deployment_label_terms"\(uuid, jsonb\);$/,
  /^drop trigger if exists "deployment_events_horizon" on "deployment_events";$/,
  /^drop function if exists "deployment_events_deployment_events_horizon_fn"\(\);$/,
];

describe('the schema', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('matches the entities, except foreign keys and triggers, which only migrations declare', async () => {
    const settings = { url: database.url, poolMax: 2, applicationName: 'stowage-test' };
    const orm = await MikroORM.init(databaseOptions(settings, ENTITIES));
    const update = await orm.schema.getUpdateSchemaSQL({ dropTables: true });
    await orm.close(true);
    const differences = update
      .split('\n')
      .filter((line) => line.trim() !== '' && !BY_MIGRATIONS_ONLY.some((pattern) => pattern.test(line)));
    expect(differences).toEqual([]);
  });

  it('refuses to truncate the ledger or the audit log', async () => {
    await withClient(database.url, async (client) => {
      await expect(client.query('truncate audit_entries')).rejects.toMatchObject({ code: '23514' });
      await expect(client.query('truncate ledger_entries')).rejects.toThrow('never changed');
      await expect(client.query('truncate ledger_checkpoints')).rejects.toThrow('only grows');
      await expect(client.query('truncate clusters cascade')).rejects.toThrow('never changed');
    });
  });
});
