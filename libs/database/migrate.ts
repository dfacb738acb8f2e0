import { CommandError, runCommand } from './commands/command.js';
import { migrate, processRoleOf } from './upgrade/migrator.js';

/**
 * The command `migrate`: brings the database of DATABASE_URL up to date and ends. With STOWAGE_MIGRATION_URL it connects as that role, which
 * owns the tables, and gives the role of DATABASE_URL what processes need.
 */
await runCommand(async ({ databaseUrl, migrationUrl }) => {
  if (databaseUrl === undefined) throw new CommandError('DATABASE_URL is not set: it names the database to migrate');
  const settings = { url: migrationUrl ?? databaseUrl, poolMax: 3, applicationName: 'stowage-migrate' };
  const applied = await migrate(settings, undefined, undefined, processRoleOf(databaseUrl, migrationUrl));
  process.stdout.write(applied.length === 0 ? 'schema is up to date\n' : `applied ${applied.join(', ')}\n`);
  return 0;
});
