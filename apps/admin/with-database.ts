import { type LocalSettings } from '#config';
import { Database, databaseOptions, databaseUrlFor, type Entity, MikroORM, runCommand } from '#database';

/** Runs a command on the database of the installation, and sets the exit code of the process to its result. */
export async function withDatabase(
  entities: readonly Entity[],
  command: (database: Database, settings: LocalSettings) => Promise<number>,
): Promise<void> {
  await runCommand(async (settings) => {
    const url = databaseUrlFor(settings);
    const options = databaseOptions({ url, poolMax: 2, applicationName: 'stowage-admin' }, entities);
    const database = new Database(await MikroORM.init(options));
    try {
      return await command(database, settings);
    } finally {
      await database.orm.close(true);
    }
  });
}
