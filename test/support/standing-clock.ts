import { withClient } from './database.js';

/**
 * A clock that stands still until a test moves it. In its database, whatever asks when a statement began is told this time, so that nothing
 * depends on how long a test takes between a question and what it asks about.
 */
export class StandingClock {
  private constructor(private readonly databaseUrl: string) {}

  /** Sets it up in a database to which nobody is connected yet. It begins at the present second. */
  static async in(databaseUrl: string): Promise<StandingClock> {
    await withClient(databaseUrl, async (client) => {
      await client.query(`
        create table standing_clock as select date_trunc('second', pg_catalog.statement_timestamp()) as at;
        create function public.statement_timestamp() returns timestamptz stable language sql as 'select at from public.standing_clock'`);
      // What is named without its schema is first looked for among PostgreSQL's own functions, unless this says otherwise.
      await client.query(
        `do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$`,
      );
    });
    return new StandingClock(databaseUrl);
  }

  async advance(seconds: number): Promise<void> {
    await withClient(this.databaseUrl, async (client) => {
      await client.query(`update standing_clock set at = at + $1 * interval '1 second'`, [seconds]);
    });
  }
}
