import { CommandError, runCommand } from './command.js';
import { upgradeReport } from './upgrade-report.js';

/** The command `upgrade:check`: says what a migration of the database of DATABASE_URL would meet, and ends with 1 when something must be settled first. */
await runCommand(async ({ databaseUrl }) => {
  if (databaseUrl === undefined) throw new CommandError('DATABASE_URL is not set: it names the database to look at');
  const { facts, obstacles } = await upgradeReport({
    url: databaseUrl,
    poolMax: 2,
    applicationName: 'stowage-upgrade-check',
  });
  process.stdout.write(facts.map((fact) => `${fact}\n`).join(''));
  process.stderr.write(obstacles.map((obstacle) => `obstacle: ${obstacle}\n`).join(''));
  process.stdout.write(obstacles.length === 0 ? 'the upgrade can begin\n' : 'settle these first\n');
  return obstacles.length === 0 ? 0 : 1;
});
