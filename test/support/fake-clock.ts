import { withClient } from './database.js';

/**
 * A database clock that moves only when a test moves it. `statement_timestamp()` returns its time in every session of the database, which
 * makes results independent of how long a test takes.
 */
export class FakeClock {
  private constructor(private readonly databaseUrl: string) {}

  /** Sets it up in a database that has no sessions yet. It begins at the present second. */
  static async in(databaseUrl: string): Promise<FakeClock> {
    await withClient(databaseUrl, async (client) => {
      await client.query(`
        create table fake_clock as select date_trunc('second', pg_catalog.statement_timestamp()) as at;
        grant select on fake_clock to public;
        create function public.statement_timestamp() returns timestamptz stable language sql as 'select at from public.fake_clock'`);
      // PostgreSQL looks up a name without a schema among its own functions first, unless the search path says otherwise.
      await client.query(
        `do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$`,
      );
    });
    return new FakeClock(databaseUrl);
  }

  async advance(seconds: number): Promise<void> {
    await withClient(this.databaseUrl, async (client) => {
      await client.query(`update fake_clock set at = at + $1 * interval '1 second'`, [seconds]);
    });
  }
}
