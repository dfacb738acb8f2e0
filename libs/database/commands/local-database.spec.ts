import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { CommandError } from './command.js';
import { databaseUrlFor, localDatabaseUrl } from './local-database.js';

describe('the database of the one-machine start', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-operator-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const runAt = (folder: string, port: number): void => {
    mkdirSync(join(folder, 'postgres'), { recursive: true });
    writeFileSync(join(folder, 'postgres', 'postmaster.pid'), `123\n${folder}/postgres\n1700000000\n${port}\n`);
  };
  const keepSecret = (): void => {
    writeFileSync(join(directory, 'secrets.json'), JSON.stringify({ databasePassword: 'p@ss/word' }));
  };

  it('finds the database by the files of PostgreSQL and of the start', () => {
    keepSecret();
    runAt(directory, 40123);
    expect(localDatabaseUrl(directory)).toBe('postgresql://stowage:p%40ss%2Fword@127.0.0.1:40123/stowage');
  });

  it('finds the database in the directory that root had to use', () => {
    keepSecret();
    const outside = join(directory, 'elsewhere');
    runAt(outside, 40124);
    writeFileSync(join(directory, 'postgres-outside.json'), JSON.stringify({ directory: outside }));
    expect(localDatabaseUrl(directory)).toContain(':40124/');
  });

  it('finds no database when none runs', () => {
    expect(localDatabaseUrl(directory)).toBeUndefined();
    keepSecret();
    expect(localDatabaseUrl(directory)).toBeUndefined();
  });

  it('prefers DATABASE_URL, and refuses a command when there is no database', () => {
    expect(() => databaseUrlFor({ dataDirectory: directory, databaseUrl: undefined })).toThrow(CommandError);
    keepSecret();
    runAt(directory, 40125);
    expect(databaseUrlFor({ dataDirectory: directory, databaseUrl: undefined })).toContain(':40125/');
    expect(databaseUrlFor({ dataDirectory: directory, databaseUrl: 'postgres://else/where' })).toBe(
      'postgres://else/where',
    );
  });
});
