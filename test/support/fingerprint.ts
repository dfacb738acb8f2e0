import { withClient } from './database.js';

/** Columns that reads change. */
const NOT_STATE: Readonly<Record<string, readonly string[]>> = { api_tokens: ['last_used_at'] };

/** What the scheduler notes for itself, also when it was woken for nothing; and a sum over deployments that is added up later. */
const DIARIES = [
  ...['passes', 'pass_totals', 'ledger_audits', 'cluster_blockers', 'start_predictions'],
  ...['organization_bytes', 'organization_byte_changes'],
];

/** The stored state: of each table its rows and a sum over all of them. Equal when nothing was changed. */
export async function fingerprint(databaseUrl: string): Promise<Record<string, string>> {
  return withClient(databaseUrl, async (client) => {
    await client.query('begin isolation level repeatable read read only');
    const tables = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename <> all($1) order by 1`,
      [DIARIES],
    );
    const state: Record<string, string> = {};
    for (const { name } of tables.rows) {
      const ignored = (NOT_STATE[name] ?? []).map((column) => ` - '${column}'`).join('');
      const { rows } = await client.query<{ state: string }>(
        `select count(*) || ' ' || coalesce(md5(string_agg(line, '' order by line)), '') as state
         from (select (to_jsonb(t)${ignored})::text as line from "${name}" t) lines`,
      );
      state[name] = rows[0]?.state ?? '';
    }
    await client.query('commit');
    return state;
  });
}
