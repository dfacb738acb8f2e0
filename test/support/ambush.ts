import { Client } from 'pg';

import { eventually } from './wait.js';

/** Two numbers make the key of an advisory lock: this one, and one of the table. */
const CLASS = 4_711;

/** Sessions of workers that have run into it. */
const CAUGHT = `
  select pid from pg_stat_activity
  where datname = current_database() and application_name = 'stowage-worker' and wait_event_type = 'Lock' and wait_event = 'advisory'`;

/**
 * Stops a worker in the middle of a pass, at the moment at which it writes a row of a table, for as long as is wanted: there it can be cut
 * off or killed. Whatever else writes that table is not concerned.
 */
export class Ambush {
  private constructor(private readonly client: Client) {}

  /** @param tables where somebody will be waited for */
  static async lay(databaseUrl: string, tables: readonly string[]): Promise<Ambush> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`
      create function ambush() returns trigger language plpgsql as $$
      begin
        if current_setting('application_name') = 'stowage-worker' then
          perform pg_advisory_xact_lock_shared(${CLASS}, hashtext(tg_table_name));
        end if;
        return coalesce(new, old);
      end $$`);
    for (const table of tables) {
      await client.query(
        `create trigger ambush before insert or update or delete on ${table} for each row execute function ambush()`,
      );
    }
    return new Ambush(client);
  }

  /** From now on, whoever writes a row of the table waits there. */
  async hold(table: string): Promise<void> {
    await this.client.query(`select pg_advisory_lock(${CLASS}, hashtext($1))`, [table]);
  }

  /** Waits until a worker has run into it. */
  async caught(): Promise<void> {
    await eventually(
      async () => (await this.client.query(CAUGHT)).rowCount ?? 0,
      (count) => count > 0,
    );
  }

  /** Ends the sessions that wait, as if their connections were cut. */
  async cutOff(): Promise<void> {
    await this.client.query(`select pg_terminate_backend(pid, 10000) from (${CAUGHT}) caught`);
  }

  async release(): Promise<void> {
    await this.client.query('select pg_advisory_unlock_all()');
  }

  async end(): Promise<void> {
    await this.client.end();
  }
}
