import { spawn } from 'node:child_process';
import { join } from 'node:path';

import type { Environment } from '#config';

import { DIST } from './paths.js';
import { Stop } from './stop.js';

/** Brings a database up to date with this build. @throws Stop with the program's own words when it fails */
export async function migrateDatabase(env: Environment, databaseUrl: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  const { DATABASE_URL_FILE: _, ...rest } = env;
  const child = spawn(process.execPath, [join(DIST, 'libs', 'database', 'migrate.js')], {
    env: { ...rest, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    signal,
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
  }
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  if (code !== 0) {
    throw new Stop(`The database could not be brought up to date:\n${words.trim()}`);
  }
  return words.trim();
}
