import 'reflect-metadata';

import { resolve } from 'node:path';

import { auditEntities, AuditLog } from '#audit';
import { authEntities, type HashingSettings, Operators, PasswordHasher } from '#auth';
import { EXIT_CODE_OF_BAD_SETTINGS, loadLocalSettings, type LocalSettings, SettingsError } from '#config';
import { Database, databaseOptions, MikroORM } from '#database';
import { DomainError } from '#kernel';

import { askPassword } from './ask-password.js';
import { localDatabaseUrl } from './local-database.js';

/** The project's folder, seen from dist/apps/operator: relative data directories are meant from there. */
const PROJECT = resolve(import.meta.dirname, '..', '..', '..');

const USAGE = `usage: npm run operator -- create NAME

Makes the account NAME that runs the whole installation, or gives that right to the account NAME.
A new account's password is asked for, or read from standard input. The database is that of DATABASE_URL,
otherwise the one that npm start runs here.
`;

/** @returns the exit code */
async function run(args: readonly string[]): Promise<number> {
  const [command, username, ...others] = args;
  if (command !== 'create' || username === undefined || others.length > 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const settings = loadLocalSettings(process.env);
  const url = settings.databaseUrl ?? localDatabaseUrl(resolve(PROJECT, settings.dataDirectory));
  if (url === undefined) {
    process.stderr.write('No database is running here: start Stowage (npm start), or set DATABASE_URL.\n');
    return 1;
  }
  const options = databaseOptions({ url, poolMax: 2, applicationName: 'stowage-operator' }, [
    ...authEntities,
    ...auditEntities,
  ]);
  const database = new Database(await MikroORM.init(options));
  try {
    await makeOperator(database, settings, username);
    return 0;
  } finally {
    await database.orm.close(true);
  }
}

async function makeOperator(database: Database, settings: LocalSettings, username: string): Promise<void> {
  const passwordMinLength = withDefault(settings.passwordMinLength);
  const operators = new Operators(
    database,
    { passwordMinLength },
    new PasswordHasher(hashingOf(settings)),
    new AuditLog(),
  );
  if (await operators.exists(username)) {
    process.stdout.write(`${await operators.promote(username)} is an operator now; the password is as it was.\n`);
    return;
  }
  await operators.create(username, await askPassword(username));
  process.stdout.write(`${username} is an operator, and can sign in.\n`);
}

function hashingOf(settings: LocalSettings): HashingSettings {
  return {
    argon2MemoryKib: withDefault(settings.argon2MemoryKib),
    argon2Passes: withDefault(settings.argon2Passes),
    argon2Concurrency: withDefault(settings.argon2Concurrency),
  };
}

/** These settings all have defaults, which the type of settings that may be missing does not tell. */
function withDefault(value: number | undefined): number {
  if (value === undefined) throw new Error('a setting that has a default has no value');
  return value;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DomainError) && !(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof SettingsError ? EXIT_CODE_OF_BAD_SETTINGS : 1;
}
