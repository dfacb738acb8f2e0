import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Migration } from '@mikro-orm/migrations';
import { Client } from 'pg';

import { databaseOptions, migrate, MikroORM, pendingMigrations } from '#database';

import { fromTestRun } from '../support/from-test-run.js';
import { eventually } from '../support/wait.js';

class MakesBoth extends Migration {
  override up(): void {
    this.addSql('create table things (id int)');
    this.addSql('create table others (id int)');
  }
}

/** Ends when a session has locked `others` and waits for `things`. */
const UNTIL_SOMEBODY_WAITS = `
  do $$ begin
    while not exists (
      select from pg_locks held join pg_locks wanted using (pid)
      where held.relation = 'others'::regclass and held.granted and wanted.relation = 'things'::regclass and not wanted.granted
    ) loop perform pg_sleep(0.01); end loop;
  end $$`;

/** A migration that changes two tables, and whose first `count` tries end in a deadlock with a session that locks them in reverse order. */
function meetsDeadlocks(count: number) {
  let tries = 0;
  class MeetsDeadlocks extends Migration {
    override up(): void {
      tries += 1;
      this.addSql('alter table things add column name text');
      if (tries <= count) this.addSql(UNTIL_SOMEBODY_WAITS);
      this.addSql('alter table others add column name text');
    }
  }
  return { migration: { name: '2-meets-deadlocks', class: MeetsDeadlocks }, tries: () => tries };
}

describe('migrations', () => {
  const admin = new Client({ connectionString: fromTestRun('STOWAGE_TEST_DATABASE_URL') });
  const made: string[] = [];
  let settings: { url: string; poolMax: number; applicationName: string };

  beforeAll(async () => {
    await admin.connect();
  });

  beforeEach(async () => {
    const name = `migrations_${randomBytes(6).toString('hex')}`;
    await admin.query(`create database ${name}`);
    made.push(name);
    const url = new URL(fromTestRun('STOWAGE_TEST_DATABASE_URL'));
    url.pathname = `/${name}`;
    settings = { url: url.href, poolMax: 2, applicationName: 'stowage-test' };
  });

  afterAll(async () => {
    for (const name of made) await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  });

  const query = async (sql: string): Promise<Record<string, unknown>[]> => {
    const client = new Client({ connectionString: settings.url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };

  const executed = async (): Promise<unknown[]> =>
    (await query('select name from schema_migrations order by id')).map(({ name }) => name);

  const pending = async (): Promise<string[]> => {
    const orm = await MikroORM.init(databaseOptions(settings, []));
    try {
      return await pendingMigrations(orm);
    } finally {
      await orm.close(true);
    }
  };

  it('applies all migrations to an empty database in order, and none the second time', async () => {
    const before = await pending();
    expect(before.length).toBeGreaterThan(0);
    expect(before).toEqual([...before].sort());

    expect(await migrate(settings)).toEqual(before);
    expect(await executed()).toEqual(before);
    expect(await pending()).toEqual([]);

    expect(await migrate(settings)).toEqual([]);
    expect(await executed()).toEqual(before);
  });

  it('applies each migration once when several processes start at the same moment', async () => {
    const results = await Promise.all([migrate(settings), migrate(settings), migrate(settings), migrate(settings)]);
    const all = await executed();
    expect(results.flat().sort()).toEqual(all);
    expect(results.filter((applied) => applied.length > 0)).toHaveLength(1);
  });

  it('applies each migration once when two commands run at the same moment', async () => {
    const start = (): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ['dist/libs/database/migrate.js'], {
        env: { ...process.env, DATABASE_URL: settings.url },
      });
    const said = (await Promise.all([start(), start()])).map(({ stdout }) => stdout);
    const all = (await executed()).join(', ');
    expect(said.sort()).toEqual([`applied ${all}\n`, 'schema is up to date\n']);
  });

  it('reports an unreachable database in one line', async () => {
    const started = promisify(execFile)(process.execPath, ['dist/libs/database/migrate.js'], {
      env: { ...process.env, DATABASE_URL: 'postgresql://stowage:hunter2@127.0.0.1:1/stowage' },
    });
    await expect(started).rejects.toMatchObject({
      code: 69,
      stderr: 'the database cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n',
    });
  });

  it('refuses a database that does not exist, and creates none', async () => {
    const url = new URL(settings.url);
    url.pathname += '_mistyped';
    const started = promisify(execFile)(process.execPath, ['dist/libs/database/migrate.js'], {
      env: { ...process.env, DATABASE_URL: url.href },
    });
    const name = url.pathname.slice(1);
    await expect(started).rejects.toMatchObject({
      code: 69,
      stderr: `the database cannot be reached: database "${name}" does not exist: correct DATABASE_URL, or create the database\n`,
    });
    expect((await admin.query('select from pg_database where datname = $1', [name])).rowCount).toBe(0);
  });

  it('refuses a database of a newer version, and leaves the schema unchanged', async () => {
    await migrate(settings);
    await query(`insert into schema_migrations (name) values ('9999-from-the-future')`);
    await expect(migrate(settings)).rejects.toThrow(
      'the database was migrated by a newer build: this one does not know 9999-from-the-future',
    );
    expect(await executed()).toContain('9999-from-the-future');
    expect(await pending()).toEqual([]);
  });

  it('refuses a database from before the first release, and says what to do', async () => {
    await migrate(settings, [{ name: '0009-ledger-keys', class: MakesBoth }]);
    await expect(migrate(settings)).rejects.toThrow(
      'the database has the schema of a build from before the first release (0009-ledger-keys), which no release upgrades: name an empty database in DATABASE_URL, or move the data directory of npm start away (STOWAGE_DATA_DIR, by default .data)',
    );
    expect(await executed()).toEqual(['0009-ledger-keys']);
  });

  class MakesThings extends Migration {
    override up(): void {
      this.addSql('create table things (id int)');
    }
  }

  class IndexesThings extends Migration {
    override isTransactional(): boolean {
      return false;
    }

    override up(): void {
      this.addSql('drop index concurrently if exists things_index');
      this.addSql('create index concurrently things_index on things (id)');
    }
  }

  class ChangesThings extends Migration {
    override up(): void {
      this.addSql('alter table things add column name text');
    }
  }

  class ChangesBoth extends Migration {
    override up(): void {
      this.addSql('alter table things add column name text');
      this.addSql('alter table others add column name text');
    }
  }

  it('keeps applied migrations when one fails, undoes the failed one, and continues there the next time', async () => {
    const all = [
      { name: '1-makes', class: MakesThings },
      { name: '2-changes', class: ChangesBoth },
    ];
    await expect(migrate(settings, all)).rejects.toThrow(/others/);
    expect(await executed()).toEqual(['1-makes']);
    expect(await query(`select 1 from pg_attribute where attrelid = 'things'::regclass and attname = 'name'`)).toEqual(
      [],
    );

    await query('create table others (id int)');
    expect(await migrate(settings, all)).toEqual(['2-changes']);
    expect(await executed()).toEqual(['1-makes', '2-changes']);
  });

  it('creates an index beside writers, also from several processes at once', async () => {
    const migrations = [
      { name: '1-makes', class: MakesThings },
      { name: '2-indexes', class: IndexesThings },
    ];
    const results = await Promise.all([migrate(settings, migrations), migrate(settings, migrations)]);
    expect(results.flat()).toEqual(['1-makes', '2-indexes']);
    expect(await query(`select indisvalid from pg_index where indexrelid = 'things_index'::regclass`)).toEqual([
      { indisvalid: true },
    ]);
  });

  it('lets other sessions pass while a migration waits for a lock', async () => {
    const first = { name: '1-makes', class: MakesThings };
    await migrate(settings, [first]);
    const holder = new Client({ connectionString: settings.url });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from things');
    const migrating = migrate(settings, [first, { name: '2-changes', class: ChangesThings }]);
    // While it waits for the holder, a reader waits behind it: until it makes way, and no longer.
    const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like 'alter table things%'`;
    await eventually(
      () => query(waits),
      (rows) => rows.length === 1,
    );
    expect(await query('select from things')).toEqual([]);
    await holder.query('commit');
    await holder.end();
    expect(await migrating).toEqual(['2-changes']);
  });

  describe('migrations in a deadlock', () => {
    const first = { name: '1-makes', class: MakesBoth };
    let other: Client;

    beforeEach(async () => {
      await migrate(settings, [first]);
      // PostgreSQL ends the session that waits longer than its deadlock_timeout: always the migration's, never the other.
      await query(`alter database "${new URL(settings.url).pathname.slice(1)}" set deadlock_timeout = '20ms'`);
      other = new Client({ connectionString: settings.url });
      await other.connect();
      await other.query(`set deadlock_timeout = '1h'`);
    });

    afterEach(async () => {
      await other.end();
    });

    const deadlocks = async (): Promise<unknown> =>
      (await query('select deadlocks::int from pg_stat_database where datname = current_database()'))[0]?.['deadlocks'];

    it('repeats the migration, and applies the changes', async () => {
      const meeting = meetsDeadlocks(1);
      await other.query('begin');
      await other.query('lock table others in access share mode');
      const migrating = migrate(settings, [first, meeting.migration]);
      await eventually(
        () => query(`select 1 from pg_locks where relation = 'things'::regclass and granted`),
        (rows) => rows.length === 1,
      );
      // The other one has what the migration wants, and wants what it has: it gets it, because the migration makes way.
      await other.query('lock table things in access share mode');
      await other.query('commit');
      expect(await migrating).toEqual(['2-meets-deadlocks']);
      expect(meeting.tries()).toBeGreaterThan(1);
      expect(await query('select name from things union all select name from others')).toEqual([]);
      await eventually(deadlocks, (count) => count === 1);
    });

    it('reports a deadlock in every try, and leaves the database unchanged', async () => {
      const meeting = meetsDeadlocks(Infinity);
      let isOver = false;
      const migrating = migrate(settings, [first, meeting.migration], { attempts: 3, pauseMs: 10 }).finally(() => {
        isOver = true;
      });
      const inTheWay = (async () => {
        while (!isOver) {
          await other.query(
            'begin; lock table others in access share mode; lock table things in access share mode; commit',
          );
        }
      })();
      await expect(migrating).rejects.toThrow(
        '2-meets-deadlocks could not get its locks within 3 tries: others want the same tables in another order, and the last try ended in a deadlock. What was applied before it stays; run this again',
      );
      await inTheWay;
      expect(meeting.tries()).toBe(3);
      expect(await executed()).toEqual(['1-makes']);
      expect(
        await query(`select 1 from pg_attribute where attrelid = 'things'::regclass and attname = 'name'`),
      ).toEqual([]);
      await eventually(deadlocks, (count) => count === 3);
    });
  });
});
