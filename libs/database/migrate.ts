import { loadLocalSettings } from '#config';

import { migrate } from './migrator.js';

/** The command `migrate`: brings the database of DATABASE_URL up to date and ends. */
const { databaseUrl } = loadLocalSettings();
if (databaseUrl === undefined) {
  process.stderr.write('DATABASE_URL is not set: it names the database to migrate\n');
  process.exit(78);
}
const applied = await migrate({ url: databaseUrl, poolMax: 3, applicationName: 'stowage-migrate' });
process.stdout.write(applied.length === 0 ? 'schema is up to date\n' : `applied ${applied.join(', ')}\n`);
