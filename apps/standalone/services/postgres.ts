import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { makeFolderFor, type PostgresFiles } from './postgres-files.js';
import { type Program, SERVER_ENVIRONMENT, stopPlanOf } from './program.js';
import { runToEnd } from './run-to-end.js';
import { Stop } from './stop.js';
import { until } from './until.js';

const SUPERUSER = 'postgres';
/** Recovery after a crash replays the log of up to a checkpoint interval. */
const READY_WAIT_MS = 180_000;

/** The SQLSTATE of a refused password. */
const WRONG_PASSWORD = '28P01';

/** PostgreSQL's own settings, by name. */
export type PostgresSettings = Readonly<Record<string, string>>;

const mebibytes = (bytes: number): string => `${String(Math.floor(bytes / 2 ** 20))}MB`;

/** For data that must survive anything, on a machine shared with other work. */
export function durableSettings(maxConnections: number): PostgresSettings {
  const memory = totalmem();
  return {
    max_connections: String(maxConnections),
    shared_buffers: mebibytes(Math.min(Math.max(memory / 8, 2 ** 27), 2 ** 30)),
    effective_cache_size: mebibytes(memory / 2),
    // Passes write in bursts: fewer checkpoints, and no standby or archive that would need more in the log.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    // Statements are short and use indexes on solid-state disks: compiling them costs more than it gains.
    jit: 'off',
    random_page_cost: '1.1',
  };
}

/** For tests: nothing needs to survive, everything should be quick, and each suite that runs has its own connections. */
export function throwawaySettings(): PostgresSettings {
  return {
    ...durableSettings(300),
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    checkpoint_timeout: '1h',
    // Specs prepare transactions.
    max_prepared_transactions: '4',
  };
}

/**
 * Creates the data directory, unless it exists. What was begun and not finished by an earlier try is removed.
 *
 * @throws Stop when it cannot be created, or is of another major version than the programs
 */
export async function createDataDirectory(
  files: PostgresFiles,
  options: { readonly password: string; readonly isThrowaway: boolean; readonly signal: AbortSignal },
): Promise<void> {
  if (existsSync(files.data)) {
    checkVersion(files);
    return;
  }
  const draft = `${files.data}.draft`;
  const passwordFile = `${files.data}.password`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  makeFolderFor(files.user, draft);
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (files.user !== undefined) {
    chownSync(passwordFile, files.user.uid, files.user.gid);
  }
  const flags = [
    `--pgdata=${draft}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    // Text sorts by code point, the same on every machine and after every upgrade of the system's libraries.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(options.isThrowaway ? ['--no-sync'] : []),
  ];
  try {
    await runInitdb(files, flags, options.signal);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, files.data);
}

function checkVersion(files: PostgresFiles): void {
  const major = files.version.split('.')[0] ?? '';
  const found = readFileSync(join(files.data, 'PG_VERSION'), 'utf8').trim();
  if (found !== major) {
    throw new Stop(
      `${files.data} was written by PostgreSQL ${found}, and this is ${major}: move its contents with pg_dump, or name another directory with STOWAGE_DATA_DIR.`,
    );
  }
}

async function runInitdb(files: PostgresFiles, flags: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, words } = await runToEnd(join(files.programs, 'bin', 'initdb'), flags, {
    cwd: '/',
    env: SERVER_ENVIRONMENT,
    signal,
    ...(files.user === undefined ? {} : { uid: files.user.uid, gid: files.user.gid }),
  });
  if (code !== 0) throw new Stop(`PostgreSQL could not create ${files.data}: ${words}`);
}

/** The server as a program: on the loopback address alone, and without Unix sockets, which other users could reach. */
export function postgresProgram(files: PostgresFiles, port: number, settings: PostgresSettings): Program {
  const all = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: '', ...settings };
  return {
    name: 'postgres',
    command: join(files.programs, 'bin', 'postgres'),
    args: ['-D', files.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: SERVER_ENVIRONMENT,
    cwd: '/',
    user: files.user,
    input: undefined,
    stop: stopPlanOf('postgres'),
  };
}

/** The address of a database on our own server. */
export function postgresUrl(port: number, user: string, password: string, database: string): string {
  return `postgresql://${user}:${password}@127.0.0.1:${String(port)}/${database}`;
}

/** The address of our own server for its superuser. */
export function superuserUrl(port: number, password: string): string {
  return postgresUrl(port, SUPERUSER, password, SUPERUSER);
}

/** Waits until the server takes statements. @throws Stop when it never does, or refuses the password */
export async function postgresAnswers(url: string, signal: AbortSignal): Promise<void> {
  const problem = await until(() => problemOf(url), { waitMs: READY_WAIT_MS, signal });
  if (problem !== undefined) throw new Stop(`PostgreSQL does not answer: ${problem.message}`);
}

async function problemOf(url: string): Promise<Error | undefined> {
  try {
    await withClient(url, (client) => client.query('select 1'));
    return undefined;
  } catch (error) {
    if ((error as { code?: string }).code !== WRONG_PASSWORD) return error as Error;
    throw new Stop(
      'PostgreSQL refuses the password: secrets.json in the data directory is not the one its database was made with.',
    );
  }
}

/** A user of a database. */
export interface DatabaseUser {
  readonly name: string;
  readonly password: string;
}

/** Makes sure of a database, of the ordinary user that owns it, and of the user of the processes, who owns nothing. */
export async function ensureDatabase(url: string, owner: DatabaseUser, processes: DatabaseUser): Promise<void> {
  await withClient(url, async (client) => {
    for (const user of [owner, processes]) await ensureUser(client, user);
    // The age of transactions of other users, which delay events.
    await client.query(`grant pg_read_all_stats to ${client.escapeIdentifier(processes.name)}`);
    const { name } = owner;
    const role = client.escapeIdentifier(name);
    const existing = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (existing.rowCount === 0) {
      await client.query(`create database ${role} owner ${role}`);
    }
  });
}

async function ensureUser(client: pg.Client, { name, password }: DatabaseUser): Promise<void> {
  const known = await client.query('select 1 from pg_roles where rolname = $1', [name]);
  if (known.rowCount !== 0) return;
  await client.query(`create role ${client.escapeIdentifier(name)} login password ${client.escapeLiteral(password)}`);
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // A server that ends under an idle connection is noticed by the next statement.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
