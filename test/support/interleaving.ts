import { Client } from 'pg';

import { eventually } from './wait.js';

/** Two numbers make the key of an advisory lock: this one, and one of the table. */
const CLASS = 4_711;

/** Sessions of workers that wait for such a lock. */
const PAUSED = `
  select pid from pg_stat_activity
  where datname = current_database() and application_name = 'stowage-worker' and wait_event_type = 'Lock' and wait_event = 'advisory'`;

/**
 * Pauses a worker in the middle of a pass, at the moment at which it writes a row of a table. There a test can end its session or its
 * process. Other writers of the table are not paused.
 */
export class Interleaving {
  private constructor(private readonly client: Client) {}

  /** @param tables where a worker can be paused */
  static async install(databaseUrl: string, tables: readonly string[]): Promise<Interleaving> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`
      create function interleaving() returns trigger language plpgsql as $$
      begin
        if current_setting('application_name') = 'stowage-worker' then
          perform pg_advisory_xact_lock_shared(${CLASS}, hashtext(tg_table_name));
        end if;
        return coalesce(new, old);
      end $$`);
    for (const table of tables) {
      await client.query(
        `create trigger interleaving before insert or update or delete on ${table} for each row execute function interleaving()`,
      );
    }
    return new Interleaving(client);
  }

  /** From now on, a worker that writes a row of the table waits there. */
  async pauseAt(table: string): Promise<void> {
    await this.client.query(`select pg_advisory_lock(${CLASS}, hashtext($1))`, [table]);
  }

  /** Waits until a worker is paused. */
  async reached(): Promise<void> {
    await eventually(
      async () => (await this.client.query(PAUSED)).rowCount ?? 0,
      (count) => count > 0,
    );
  }

  /** Ends the sessions of paused workers, as a cut connection does. */
  async terminate(): Promise<void> {
    await this.client.query(`select pg_terminate_backend(pid, 10000) from (${PAUSED}) paused`);
  }

  /** Lets paused workers go on. */
  async release(): Promise<void> {
    await this.client.query('select pg_advisory_unlock_all()');
  }

  async end(): Promise<void> {
    await this.client.end();
  }
}
