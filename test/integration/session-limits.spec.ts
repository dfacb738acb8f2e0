import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { assertSession, Database, databaseOptions, MikroORM, rowsOf, sql } from '#database';

import { createTestDatabase, type TestDatabase, withClient } from '../support/database.js';
import { testEnvironment } from '../support/settings.js';
import { StrippingPooler } from '../support/stripping-pooler.js';

const REFUSAL =
  'the database session does not keep its limits (idle_in_transaction_session_timeout is 0 ms instead of 10000 ms, ' +
  'lock_timeout is 0 ms instead of 2000 ms, statement_timeout is 0 ms instead of 5000 ms): a pooler in transaction mode drops them. ' +
  'Let DATABASE_URL name PostgreSQL itself or a pool in session mode, or set the limits for the role (alter role ... set ...)';

describe('the limits of a session', () => {
  let testDatabase: TestDatabase;
  let pooler: StrippingPooler;
  const opened: Database[] = [];

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    pooler = await StrippingPooler.before(testDatabase.url);
  });

  afterEach(async () => {
    for (const { orm } of opened.splice(0)) await orm.close(true);
  });

  afterAll(async () => {
    await pooler.stop();
    await testDatabase.drop();
  });

  const open = async (url: string): Promise<Database> => {
    const options = databaseOptions({ url, poolMax: 1, applicationName: 'stowage-test' }, []);
    const database = new Database(await MikroORM.init(options), assertSession);
    opened.push(database);
    return database;
  };

  const one = (database: Database): Promise<number> =>
    database.transaction(async (tx) => (await rowsOf(tx, sql`select 1`)).length);

  it('accepts limits that PostgreSQL has taken from the process', async () => {
    expect(await one(await open(testDatabase.url))).toBe(1);
  });

  it('refuses every transaction where a pooler has dropped the limits', async () => {
    const database = await open(pooler.url);
    await expect(one(database)).rejects.toThrow(REFUSAL);
    await expect(one(database)).rejects.toThrow(REFUSAL);
  });

  it.each(['api', 'worker'])('ends the %s at its start where a pooler has dropped the limits', async (program) => {
    const started = promisify(execFile)(process.execPath, [`dist/apps/${program}/main.js`], {
      env: { ...process.env, ...testEnvironment(pooler.url), PORT: '0' },
      timeout: 30_000,
    });
    const failed = (await started.catch((error: unknown) => error)) as { code: number; stdout: string; stderr: string };
    expect(failed.code).toBe(1);
    expect(failed.stdout + failed.stderr).toContain(REFUSAL);
  });

  it('accepts limits that the database itself sets', async () => {
    const name = new URL(testDatabase.url).pathname.slice(1);
    await withClient(testDatabase.url, async (client) => {
      for (const limit of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']) {
        await client.query(`alter database ${name} set ${limit} = '1s'`);
      }
    });
    expect(await one(await open(pooler.url))).toBe(1);
  });
});
