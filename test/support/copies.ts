import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { migrate } from '#database';

import { withClient } from './database.js';

const run = promisify(execFile);

/** Whether pg_dump is on this machine and can read a server: it cannot read a newer one than itself. */
export async function canDump(url: string): Promise<boolean> {
  try {
    const own = Number(/(\d+)\./.exec((await run('pg_dump', ['--version'])).stdout)?.[1]);
    const { rows } = await withClient(url, (client) =>
      client.query<{ version: string }>(`select current_setting('server_version_num') as version`),
    );
    return own >= Math.floor(Number(rows[0]?.version) / 10_000);
  } catch {
    return false;
  }
}

/** Copies a database into an empty one as docs/operations/backup.md says. */
export async function dumpAndRestore(from: string, to: string, file: string): Promise<void> {
  await run('pg_dump', ['--format=custom', '--no-owner', '--no-privileges', `--file=${file}`, from]);
  await run('pg_restore', ['--exit-on-error', '--no-owner', '--no-privileges', `--dbname=${to}`, file]);
}

interface Table {
  readonly name: string;
  readonly columns: string;
}

/** Copies all rows of a database into an empty one, whose schema is made by the migrations: for machines without pg_dump. */
export async function copyRows(from: string, to: string): Promise<void> {
  await migrate({ url: to, poolMax: 2, applicationName: 'stowage-test' });
  await withClient(from, (source) =>
    withClient(to, async (target) => {
      const { rows: tables } = await source.query<Table>(
        `select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
         from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
         group by 1`,
      );
      // One moment of the source for all tables; in the target neither triggers nor foreign keys ask for an order.
      await source.query('begin isolation level repeatable read');
      await target.query('begin');
      await target.query('set local session_replication_role = replica');
      for (const { name, columns } of tables) {
        await target.query(`delete from ${name}`);
        const { rows } = await source.query<{ row: unknown }>(`select to_json(t) as row from ${name} t`);
        await target.query(
          `insert into ${name} (${columns}) overriding system value
           select ${columns} from json_populate_recordset(null::${name}, $1)`,
          [JSON.stringify(rows.map(({ row }) => row))],
        );
      }
      await target.query(`
        select setval(pg_get_serial_sequence(table_name, column_name), 1000000)
        from information_schema.columns where table_schema = 'public' and is_identity = 'YES'`);
      await target.query('commit');
      await source.query('commit');
    }),
  );
}
