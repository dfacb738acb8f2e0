import { CommandError, runCommand, upgradeReport } from '#database';

/** The command `upgrade check`. */
export async function checkUpgrade(): Promise<void> {
  await runCommand(async ({ databaseUrl: url }) => {
    if (url === undefined) throw new CommandError('DATABASE_URL is not set: it names the database to check');
    const { facts, obstacles } = await upgradeReport({ url, poolMax: 2, applicationName: 'stowage-admin' });
    process.stdout.write(facts.map((fact) => `${fact}\n`).join(''));
    process.stderr.write(obstacles.map((obstacle) => `obstacle: ${obstacle}\n`).join(''));
    process.stdout.write(obstacles.length === 0 ? 'the upgrade can begin\n' : 'settle the obstacles first\n');
    return obstacles.length === 0 ? 0 : 1;
  });
}
