import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/postgresql';

import { Database, databaseOptions, preparedRowsOf, rowsOf, sql } from '#database';

import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('a prepared statement', () => {
  let testDatabase: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    const settings = { url: testDatabase.url, poolMax: 1, applicationName: 'stowage-test' };
    database = new Database(await MikroORM.init(databaseOptions(settings, [])));
  });

  afterAll(async () => {
    await database.orm.close(true);
    await testDatabase.drop();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const doubled = async (n: number): Promise<number | undefined> => {
    const [row] = await preparedRowsOf(database.reader(), sql<{ n: number }>`select ${n}::int * 2 as n`);
    return row?.n;
  };

  const prepared = async (): Promise<{ name: string; uses: number }[]> =>
    rowsOf(
      database.reader(),
      sql<{ name: string; uses: number }>`
        select name, (generic_plans + custom_plans)::int as uses from pg_prepared_statements where name like 'stowage_%'`,
    );

  it('parses once, and answers as any other statement', async () => {
    for (let n = 0; n < 10; n++) expect(await doubled(n)).toBe(2 * n);
    expect(await prepared()).toMatchObject([{ uses: 10 }]);
  });

  it('replaces a plan that is a minute old, and leaves nothing behind', async () => {
    await doubled(1);
    const [before] = await prepared();
    jest.useFakeTimers({
      now: Date.now() + 61_000,
      doNotFake: ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
    });
    expect(await doubled(2)).toBe(4);
    const after = await prepared();
    expect(after).toMatchObject([{ uses: 1 }]);
    expect(after[0]?.name).not.toBe(before?.name);
  });

  it('fails in a failed transaction as any other statement, and works after the transaction', async () => {
    jest.useFakeTimers({
      now: Date.now() + 200_000,
      doNotFake: ['setTimeout', 'setInterval', 'setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
    });
    const failing = database.transaction(async (tx) => {
      await rowsOf(tx, sql`select 1 / 0`).catch(() => undefined);
      await preparedRowsOf(tx, sql<{ n: number }>`select ${1}::int * 2 as n`);
    });
    await expect(failing).rejects.toMatchObject({ code: '25P02' });
    expect(await doubled(3)).toBe(6);
    expect(await doubled(4)).toBe(8);
  });
});
