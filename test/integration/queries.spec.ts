import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  Database,
  databaseOptions,
  defineEntity,
  MikroORM,
  p,
  queries,
  rowsOf,
  sql,
  type TablesOf,
  timestamptz,
} from '#database';

import { createEmptyDatabase, type EmptyDatabase, withClient } from '../support/database.js';

const ShelfSchema = defineEntity({
  name: 'Shelf',
  tableName: 'shelves',
  properties: {
    id: p.integer().primary(),
    label: p.text(),
    weight: p.bigint('number').default(0),
    notes: p.json<{ readonly tags: readonly string[] }>().columnType('jsonb').nullable(),
    secret: p.blob().columnType('bytea').nullable(),
    builtAt: timestamptz.defaultRaw('now()'),
    soldAt: timestamptz.nullable(),
    version: p.integer().version(),
  },
});

class Shelf extends ShelfSchema.class {
  rename(label: string): void {
    this.label = label;
  }
}
ShelfSchema.setClass(Shelf);

type ShelfTables = TablesOf<typeof ShelfSchema>;

const BUILT_AT = '2026-11-21T06:03:41.123456Z';

describe('entities and typed queries', () => {
  let testDatabase: EmptyDatabase;
  let database: Database;

  beforeAll(async () => {
    testDatabase = await createEmptyDatabase();
    const settings = { url: testDatabase.url, poolMax: 3, applicationName: 'stowage-test' };
    database = new Database(await MikroORM.init(databaseOptions(settings, [ShelfSchema])));
    await rowsOf(
      database.reader(),
      sql`create table shelves (id int primary key, label text not null unique, weight bigint not null default 0, notes jsonb,
            secret bytea, built_at timestamptz not null default now(), sold_at timestamptz, version int not null default 1)`,
    );
    const first = { id: 1, label: `it's ?, \\ and $1`, weight: 2 ** 40, builtAt: BUILT_AT, notes: { tags: ["a'b"] } };
    await database.transaction((tx) => Promise.resolve(tx.create(Shelf, first)));
  });

  afterAll(async () => {
    await database.orm.close(true);
    await testDatabase.drop();
  });

  it('reads back written texts with quotes, large numbers, documents, and instants with microseconds', async () => {
    const expected = { id: 1, label: `it's ?, \\ and $1`, weight: 2 ** 40, notes: { tags: ["a'b"] }, version: 1 };
    const found = await database.reader().findOneOrFail(Shelf, { id: 1, builtAt: BUILT_AT });
    expect(found).toMatchObject({ ...expected, builtAt: BUILT_AT, soldAt: null });
    const rows = await queries<ShelfTables>(database.reader())
      .selectFrom('shelves')
      .select(['id', 'label', 'weight', 'notes', 'version', 'built_at as builtAt', 'sold_at as soldAt'])
      .where('built_at', '=', BUILT_AT)
      .execute();
    expect(rows).toEqual([{ ...expected, builtAt: BUILT_AT, soldAt: null }]);
  });

  it('returns what the database filled in after a flush', async () => {
    const shelf = await database.transaction(async (tx) => {
      const created = tx.create(Shelf, { id: 2, label: 'second', secret: Buffer.from([0, 39, 92, 255]) });
      await tx.flush();
      const { weight, version, builtAt } = created;
      return { weight, version, builtAt };
    });
    expect(shelf).toMatchObject({ weight: 0, version: 1 });
    expect(shelf.builtAt).toMatch(/^\d{4}-.*Z$/);
    expect((await database.reader().findOneOrFail(Shelf, 2)).secret).toEqual(Buffer.from([0, 39, 92, 255]));
  });

  it('hides an unflushed entity from typed queries', async () => {
    await database.transaction(async (tx) => {
      const count = async (): Promise<number> =>
        (await queries<ShelfTables>(tx).selectFrom('shelves').select('id').where('label', '=', 'third').execute())
          .length;
      tx.create(Shelf, { id: 3, label: 'third' });
      expect(await count()).toBe(0);
      await tx.flush();
      expect(await count()).toBe(1);
    });
  });

  it('raises the version of an entity, and refuses a flush that another write has overtaken', async () => {
    const rename = database.transaction(async (tx) => {
      const shelf = await tx.findOneOrFail(Shelf, 1);
      shelf.rename('renamed');
      await queries<ShelfTables>(database.orm.em.fork())
        .updateTable('shelves')
        .set((eb) => ({ weight: 5, version: eb('version', '+', 1) }))
        .where('id', '=', 1)
        .execute();
    });
    await expect(rename).rejects.toThrow('optimistic lock');
    expect(await database.reader().findOneOrFail(Shelf, 1)).toMatchObject({ weight: 5, version: 2 });
  });

  it('begins each attempt of a transaction with an entity manager that knows no entities', async () => {
    const seen: (string | undefined)[] = [];
    await database.transaction(async (tx) => {
      seen.push(tx.getUnitOfWork().getById<Shelf>(Shelf, 2)?.label);
      const shelf = await tx.findOneOrFail(Shelf, 2);
      shelf.rename('once more');
      await tx.flush();
      if (seen.length === 1) await rowsOf(tx, sql`do $$ begin raise exception using errcode = '40001'; end $$`);
    });
    expect(seen).toEqual([undefined, undefined]);
  });

  it('sends the values of an entity apart from the text of the statement', async () => {
    await database.reader().findOne(Shelf, { label: 'a secret' });
    const { rows } = await withClient(testDatabase.url, (client) =>
      client.query<{ query: string }>(
        `select query from pg_stat_activity where application_name = 'stowage-test' and query like '%"label" =%'`,
      ),
    );
    expect(rows.map(({ query }) => query)).toEqual([expect.stringContaining('"label" = $1')]);
  });
});
