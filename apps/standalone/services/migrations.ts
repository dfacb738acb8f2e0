import { join } from 'node:path';

import type { Environment } from '#config';

import { DIST } from './paths.js';
import { runToEnd } from './run-to-end.js';
import { Stop } from './stop.js';

/** Brings a database up to date with this build. @throws Stop with the program's own words when it fails */
export async function migrateDatabase(
  env: Environment,
  { databaseUrl, migrationUrl }: { readonly databaseUrl: string; readonly migrationUrl: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const { DATABASE_URL_FILE: _, ...rest } = env;
  const { code, words } = await runToEnd(process.execPath, [join(DIST, 'libs', 'database', 'migrate.js')], {
    env: {
      ...rest,
      DATABASE_URL: databaseUrl,
      ...(migrationUrl === undefined ? {} : { STOWAGE_MIGRATION_URL: migrationUrl }),
    },
    signal,
  });
  if (code !== 0) throw new Stop(`The database could not be brought up to date:\n${words}`);
  return words;
}
