import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';

import { migrate } from '#database';

/** Migrated once per server and schema; every suite copies it, which takes a tenth of migrating. */
const TEMPLATE = `stowage_template_${fingerprintOfMigrations()}`;

/** Serializes the suites that want to make the template at the same moment. */
const TEMPLATE_LOCK = 7_290_127_111;

/** A database of a suite's own, with the present schema. */
export interface TestDatabase {
  readonly url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/** What a variable of the environment holds; `npm test` sets those that name its own servers. */
export function fromTestRun(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests by npm test, which starts their servers`);
  return value;
}

/** Makes a database for one suite. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = fromTestRun('STOWAGE_TEST_DATABASE_URL');
  const name = `stowage_${randomBytes(8).toString('hex')}`;
  await withClient(admin, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [TEMPLATE]);
    if (rowCount === 0) await makeTemplate(client, admin);
    await client.query(`create database ${name} template ${TEMPLATE}`);
  });
  return {
    url: databaseUrl(admin, name),
    drop: () =>
      withClient(admin, async (client) => {
        await client.query(`drop database ${name} with (force)`);
      }),
  };
}

/** Makes a database without any table, for a suite that migrates by itself. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const admin = fromTestRun('STOWAGE_TEST_DATABASE_URL');
  const name = `stowage_${randomBytes(8).toString('hex')}`;
  const say = (sql: string): Promise<void> =>
    withClient(admin, async (client) => {
      await client.query(sql);
    });
  await say(`create database ${name}`);
  return { url: databaseUrl(admin, name), drop: () => say(`drop database ${name} with (force)`) };
}

/** Changes with every migration, so that a server that outlives a run never gives out an old schema. */
function fingerprintOfMigrations(): string {
  const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../../libs/database/migrations');
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** Made under another name and renamed: a template that exists is whole. */
async function makeTemplate(client: Client, admin: string): Promise<void> {
  const unfinished = `${TEMPLATE}_unfinished`;
  await client.query(`drop database if exists ${unfinished}`);
  await client.query(`create database ${unfinished}`);
  await migrate({ url: databaseUrl(admin, unfinished), poolMax: 2, applicationName: 'stowage-test' });
  await client.query(`alter database ${unfinished} rename to ${TEMPLATE}`);
}

function databaseUrl(admin: string, name: string): string {
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Runs something with a connection of its own, beside everything that the service does. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
