import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type LocalSettings } from '#config';

import { CommandError } from './command.js';

/** The project's folder, seen from dist/libs/database/commands: relative data directories are meant from there. */
const PROJECT = resolve(import.meta.dirname, '..', '..', '..', '..');

/**
 * The database that a command is meant for: that of DATABASE_URL, otherwise the one that `npm start` runs here.
 *
 * @throws CommandError when there is neither
 */
export function databaseUrlFor({
  databaseUrl,
  dataDirectory,
}: Pick<LocalSettings, 'databaseUrl' | 'dataDirectory'>): string {
  const url = databaseUrl ?? localDatabaseUrl(resolve(PROJECT, dataDirectory));
  if (url === undefined) {
    throw new CommandError(
      `No database is running in ${dataDirectory}: start Stowage (npm start), or set DATABASE_URL.`,
    );
  }
  return url;
}

/**
 * The address of the database that `npm start` runs in a data directory; undefined when nothing runs there.
 *
 * PostgreSQL writes its port into the fourth line of postmaster.pid; the password is in secrets.json, which only the owner can read.
 */
export function localDatabaseUrl(directory: string): string | undefined {
  const secrets = json(join(directory, 'secrets.json'));
  const outside = json(join(directory, 'postgres-outside.json'));
  const folders = [directory, outside['directory']].filter((folder) => typeof folder === 'string');
  const pidFile = folders.map((folder) => join(folder, 'postgres', 'postmaster.pid')).find((path) => existsSync(path));
  const password = secrets['databasePassword'];
  if (pidFile === undefined || typeof password !== 'string') return undefined;
  const port = Number(readFileSync(pidFile, 'utf8').split('\n')[3]);
  return `postgresql://stowage:${encodeURIComponent(password)}@127.0.0.1:${port}/stowage`;
}

function json(path: string): Readonly<Record<string, unknown>> {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>) : {};
}
