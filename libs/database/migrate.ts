import { CommandError, runCommand } from './commands/command.js';
import { migrate } from './upgrade/migrator.js';

/** The command `migrate`: brings the database of DATABASE_URL up to date and ends. */
await runCommand(async ({ databaseUrl }) => {
  if (databaseUrl === undefined) throw new CommandError('DATABASE_URL is not set: it names the database to migrate');
  const applied = await migrate({ url: databaseUrl, poolMax: 3, applicationName: 'stowage-migrate' });
  process.stdout.write(applied.length === 0 ? 'schema is up to date\n' : `applied ${applied.join(', ')}\n`);
  return 0;
});
