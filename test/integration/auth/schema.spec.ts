import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';

import { auditEntities } from '#audit';
import { authEntities } from '#auth';
import { databaseOptions, migrate, MikroORM } from '#database';
import { newId } from '#kernel';

const server = process.env['STOWAGE_TEST_DATABASE_URL'] ?? '';

describe('the stored identity', () => {
  const name = `auth_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const admin = new Client({ connectionString: server });
  const client = new Client({ connectionString: url.href });
  const settings = { url: url.href, poolMax: 3, applicationName: 'stowage-test' };

  beforeAll(async () => {
    await admin.connect();
    await admin.query(`create database ${name}`);
    await migrate(settings);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });

  const aUser = async (username: string): Promise<string> => {
    const id = newId();
    await client.query('insert into users (id, username, username_key, password_hash) values ($1, $2, $3, $4)', [
      id,
      username,
      username.toLowerCase(),
      '$argon2id$test',
    ]);
    return id;
  };

  it('matches the entities, but for foreign keys, which only the migrations declare', async () => {
    const orm = await MikroORM.init(databaseOptions(settings, [...authEntities, ...auditEntities]));
    const update = await orm.schema.getUpdateSchemaSQL({ dropTables: false });
    await orm.close(true);
    const others = update
      .split('\n')
      .filter((line) =>
        /api_tokens|audit_entries|login_addresses|reset_codes|service_accounts|sessions|users/.test(line),
      )
      .filter((line) => !/drop constraint ".*_fkey"/.test(line));
    expect(others).toEqual([]);
  });

  it('refuses two usernames that differ in case only, and names that could look alike', async () => {
    await aUser('Grace');
    await expect(aUser('gRACE')).rejects.toMatchObject({ constraint: 'users_username_key_unique' });
    await expect(aUser('grасe')).rejects.toMatchObject({ constraint: 'users_username_check' });
  });

  it('refuses a password in any form but argon2id', async () => {
    const id = await aUser('mallory');
    await expect(client.query(`update users set password_hash = 'hunter2' where id = $1`, [id])).rejects.toMatchObject({
      constraint: 'users_password_hash_check',
    });
  });

  it('refuses a token without an owner, with two, and of another organization than its service account', async () => {
    const [home, elsewhere, account, user] = [newId(), newId(), newId(), await aUser('token-owner')];
    for (const id of [home, elsewhere]) {
      await client.query(`insert into organizations (id, name, created_by) values ($1, 'Lab', $2)`, [id, user]);
    }
    await client.query(
      `insert into service_accounts (id, organization_id, name, name_key, role) values ($1, $2, 'ci', 'ci', 'developer')`,
      [account, home],
    );
    const insert = (organizationId: string, accountId: string | null, userId: string | null): Promise<unknown> =>
      client.query(
        `insert into api_tokens (id, organization_id, service_account_id, user_id, role, name, token_hash, expires_at)
         values ($1, $2, $3, $4, $5, 'x', sha256(gen_random_uuid()::text::bytea), now())`,
        [newId(), organizationId, accountId, userId, userId === null ? null : 'viewer'],
      );
    await expect(insert(elsewhere, account, null)).rejects.toMatchObject({ code: '23503' });
    await expect(insert(home, null, null)).rejects.toMatchObject({ constraint: 'api_tokens_owner_check' });
    await expect(insert(home, account, user)).rejects.toMatchObject({ constraint: 'api_tokens_owner_check' });
    await insert(home, account, null);
  });

  it('refuses to update, delete or truncate the audit log', async () => {
    await client.query(
      `insert into audit_entries (id, actor_kind, actor_name, action, target_kind) values ($1, 'system', 'test', 'test_run', 'test')`,
      [newId()],
    );
    for (const statement of [
      `update audit_entries set action = 'nothing_done'`,
      'delete from audit_entries',
      'truncate audit_entries',
    ]) {
      await expect(client.query(statement)).rejects.toMatchObject({ constraint: 'audit_entries_append_only' });
    }
  });
});
