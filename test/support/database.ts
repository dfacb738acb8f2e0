import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from 'pg';

import { fromTestRun } from './from-test-run.js';

/** Serializes the processes that make the template at the same moment. */
const TEMPLATE_LOCK = 7_290_127_111;

/** The role of the processes under test: it owns no table, so that a privilege that is not granted fails their specs. */
const PROCESS_ROLE = 'stowage_process';

/** A database that nothing else uses. */
export interface EmptyDatabase {
  /** Its address for the role that owns the tables: for what a spec file reads and prepares by itself. */
  readonly url: string;
  /** Removes it, and ends the sessions of all clients that are still connected. */
  drop(): Promise<void>;
}

/** A database with the present schema. */
export interface TestDatabase extends EmptyDatabase {
  /** Its address for processes under test. */
  readonly processUrl: string;
}

/** Makes a database with the present schema: a copy of a template, which takes a tenth of migrating. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const admin = fromTestRun('STOWAGE_TEST_DATABASE_URL');
  const name = `stowage_${randomBytes(8).toString('hex')}`;
  const template = `stowage_template_${fingerprintOfMigrations()}`;
  await withClient(admin, async (client) => {
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (rowCount === 0) await makeTemplate(client, admin, template);
    await client.query(`create database ${name} template ${template}`);
  });
  return {
    url: databaseUrl(admin, name),
    processUrl: processUrlOf(databaseUrl(admin, name)),
    drop: () =>
      withClient(admin, async (client) => {
        await client.query(`drop database ${name} with (force)`);
      }),
  };
}

/** Makes a database without any table, for a spec file that migrates by itself. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const admin = fromTestRun('STOWAGE_TEST_DATABASE_URL');
  const name = `stowage_${randomBytes(8).toString('hex')}`;
  const say = (sql: string): Promise<void> =>
    withClient(admin, async (client) => {
      await client.query(sql);
    });
  await say(`create database ${name}`);
  return { url: databaseUrl(admin, name), drop: () => say(`drop database ${name} with (force)`) };
}

/** Changes with every migration: a server that outlives a run never copies an old schema. */
function fingerprintOfMigrations(): string {
  const folder = resolve(dirname(fileURLToPath(import.meta.url)), '../../libs/database/migrations');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const hash = createHash('sha256').update(readFileSync(join(folder, '../upgrade/grants.ts')));
  for (const name of names.sort()) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

/** Migrates once per server and schema, under another name: a template that exists is whole. */
async function makeTemplate(client: Client, admin: string, template: string): Promise<void> {
  // Loads the ORM: only the first process of a run needs it here.
  const { migrate } = await import('#database');
  const unfinished = `${template}_unfinished`;
  await client.query(`drop database if exists ${unfinished}`);
  await client.query(`create database ${unfinished}`);
  const role = await client.query('select 1 from pg_roles where rolname = $1', [PROCESS_ROLE]);
  if (role.rowCount === 0) await client.query(`create role ${PROCESS_ROLE} login password '${PROCESS_ROLE}'`);
  const settings = { url: databaseUrl(admin, unfinished), poolMax: 2, applicationName: 'stowage-test' };
  await migrate(settings, undefined, undefined, PROCESS_ROLE);
  await client.query(`alter database ${unfinished} rename to ${template}`);
}

/** The address of a copy of the template for {@link PROCESS_ROLE}. */
function processUrlOf(url: string): string {
  return Object.assign(new URL(url), { username: PROCESS_ROLE, password: PROCESS_ROLE }).href;
}

function databaseUrl(admin: string, name: string): string {
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Runs `work` with a connection of its own, beside those of the service. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
