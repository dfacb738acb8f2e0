import 'reflect-metadata';

import { auditEntities, AuditLog } from '#audit';
import { authEntities, type HashingSettings, Operators, PasswordHasher } from '#auth';
import { type LocalSettings } from '#config';
import { Database, databaseOptions, databaseUrlFor, MikroORM, runCommand } from '#database';

import { askPassword } from './ask-password.js';

const USAGE = `usage: npm run operator -- create NAME

Makes the account NAME that runs the whole installation, or gives that right to the account NAME.
A new account's password is asked for, or read from standard input. The database is that of DATABASE_URL,
otherwise the one that npm start runs here.
`;

/** @returns the exit code */
async function run(args: readonly string[], settings: LocalSettings): Promise<number> {
  const [command, username, ...others] = args;
  if (command !== 'create' || username === undefined || others.length > 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const url = databaseUrlFor(settings);
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
  const passwordMinLength = settings.passwordMinLength;
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
    argon2MemoryKib: settings.argon2MemoryKib,
    argon2Passes: settings.argon2Passes,
    argon2Concurrency: settings.argon2Concurrency,
  };
}

await runCommand((settings) => run(process.argv.slice(2), settings));
