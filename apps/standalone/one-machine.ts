import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { type Environment, loadLocalSettings, workerEnvironment } from '#config';

import { type Address, chooseAddress, ready } from './address.js';
import { keepSecrets, type Secrets } from './secrets.js';
import type { Context } from './context.js';
import { aborted } from './services/foreground.js';
import { startPostgres, startRedis } from './services/local-services.js';
import { LogFiles } from './services/log-files.js';
import { migrateDatabase } from './services/migrations.js';
import { Ownership } from './services/ownership.js';
import { DIST, PROJECT } from './services/paths.js';
import { type DatabaseUser, durableSettings, ensureDatabase, postgresUrl } from './services/postgres.js';
import { placePostgres } from './services/postgres-files.js';
import { type Program, stopPlanOf } from './services/program.js';
import { Supervisor } from './services/supervisor.js';
import { during, elapsed, say } from './services/terminal.js';

const DATABASE = 'stowage';

/** The user of API and worker, who owns no table. */
const PROCESSES = 'stowage_app';

/**
 * Stowage on one machine: a PostgreSQL and a Redis of its own, migrations, the API and the worker, in the foreground.
 *
 * 1. own the data directory, ending what a killed owner left; 2. choose the address; 3. start the servers that were not
 * given; 4. migrate; 5. start API and worker; 6. watch them until asked to stop; 7. stop in reverse order.
 *
 * @returns the exit code
 */
export async function oneMachine({ environment, redisServer, isWatching, signal }: Context): Promise<number> {
  const settings = loadLocalSettings(environment);
  const directory = resolve(PROJECT, settings.dataDirectory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ownership = await Ownership.take(directory, say);
  // For commands that work with what runs here: where it answers. Gone when nothing runs.
  const running = resolve(directory, 'running.json');
  rmSync(running, { force: true });
  const supervisor = new Supervisor({
    logs: new LogFiles(resolve(directory, 'logs')),
    say,
    onChange: (children) => {
      ownership.note({ children });
    },
  });
  try {
    const address = await chooseAddress(settings.host, settings.port, isSet(environment, 'PORT'));
    if (address.port !== settings.port)
      say(`port ${settings.port} is taken and PORT is not set: using ${address.port}`);
    const secrets = keepSecrets(directory);
    const { databaseUrl, migrationUrl, databaseDirectory } =
      settings.databaseUrl === undefined
        ? await startOwnDatabase(supervisor, directory, secrets, settings.databasePoolMax, signal)
        : { databaseUrl: settings.databaseUrl, migrationUrl: settings.migrationUrl, databaseDirectory: undefined };
    const redisUrl = settings.redisUrl ?? (await startRedis(supervisor, redisServer, signal));
    say('PostgreSQL and Redis answer');
    await during('bringing the database up to date', () =>
      migrateDatabase(environment, { databaseUrl, migrationUrl }, signal),
    );
    const env = childEnvironment(environment, { databaseUrl, databaseDirectory, redisUrl, address, secrets });
    supervisor.start(nodeProgram('api', env, isWatching));
    supervisor.start(nodeProgram('worker', workerEnvironment(env), isWatching));
    await during('starting the API and the worker', () => Promise.race([ready(address, signal), supervisor.failure]));
    supervisor.watch();
    ownership.note({ address: address.url });
    writeFileSync(
      running,
      JSON.stringify({ address: address.url, databaseUrl: migrationUrl ?? databaseUrl, redisUrl }),
      { mode: 0o600 },
    );
    welcome(address, directory);
    await aborted(signal);
    return 0;
  } finally {
    ownership.note({ isStopping: true });
    if (signal.aborted) say('stopping ...');
    await supervisor.stop();
    rmSync(running, { force: true });
    if (signal.aborted) say('stopped');
  }
}

function isSet(environment: Environment, name: string): boolean {
  return environment[name] !== undefined && environment[name] !== '';
}

/** How a PostgreSQL of our own is reached, and where its data is. */
interface OwnDatabase {
  readonly databaseUrl: string;
  /** For the user who owns the tables. */
  readonly migrationUrl: string;
  readonly databaseDirectory: string;
}

async function startOwnDatabase(
  supervisor: Supervisor,
  directory: string,
  secrets: Secrets,
  poolMax: number | undefined,
  signal: AbortSignal,
): Promise<OwnDatabase> {
  const files = await placePostgres(directory, ['/var/lib', '/var/tmp']);
  const server = await during(`starting PostgreSQL ${files.version.split('-')[0] ?? ''} on ${files.data}`, () =>
    startPostgres(supervisor, files, {
      password: secrets.postgresPassword,
      // API and worker each take a pool; some are left for people and tools.
      settings: durableSettings(Math.max(100, 3 * (poolMax ?? 0) + 20)),
      isThrowaway: false,
      signal,
    }),
  );
  const owner = { name: DATABASE, password: secrets.databasePassword };
  const processes = { name: PROCESSES, password: secrets.processPassword };
  await ensureDatabase(server.superuserUrl, owner, processes);
  const urlOf = ({ name, password }: DatabaseUser): string => postgresUrl(server.port, name, password, DATABASE);
  return { databaseUrl: urlOf(processes), migrationUrl: urlOf(owner), databaseDirectory: files.data };
}

function childEnvironment(
  environment: Environment,
  own: {
    databaseUrl: string;
    databaseDirectory: string | undefined;
    redisUrl: string;
    address: Address;
    secrets: Secrets;
  },
): Environment {
  const { DATABASE_URL_FILE: _database, REDIS_URL_FILE: _redis, ...others } = environment;
  const { STOWAGE_MIGRATION_URL: _owner, STOWAGE_MIGRATION_URL_FILE: _ownerFile, ...rest } = others;
  const generated = (name: string, value: string) =>
    isSet(environment, name) || isSet(environment, `${name}_FILE`) ? {} : { [name]: value };
  return {
    ...rest,
    DATABASE_URL: own.databaseUrl,
    REDIS_URL: own.redisUrl,
    HOST: own.address.host,
    PORT: String(own.address.port),
    ...(own.databaseDirectory === undefined ? {} : generated('STOWAGE_DATABASE_DIR', own.databaseDirectory)),
    ...generated('STOWAGE_JWT_KEYS', own.secrets.jwtKeys),
    ...generated('STOWAGE_TOKEN_SECRET', own.secrets.tokenSecret),
  };
}

function nodeProgram(name: 'api' | 'worker', env: Environment, isWatched: boolean): Program {
  const watch = isWatched ? ['--watch', '--watch-preserve-output'] : [];
  return {
    name,
    command: process.execPath,
    args: [...watch, '--enable-source-maps', resolve(DIST, 'apps', name, 'main.js')],
    env,
    cwd: PROJECT,
    user: undefined,
    input: undefined,
    stop: stopPlanOf(name),
  };
}

function welcome(address: Address, directory: string): void {
  const demo = address.port === 3000 ? 'npm run demo' : `npm run demo -- --url ${address.url}`;
  process.stdout.write(`
Stowage is ready after ${elapsed()} s.

    API        ${address.url}
    Swagger    ${address.url}/docs
    Data       ${directory} (logs in ${resolve(directory, 'logs')})

    Try next   ${demo}   (in another terminal)
    Stop       Ctrl-C

`);
}
