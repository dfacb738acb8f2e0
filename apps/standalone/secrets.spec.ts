import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { loadSettings } from '#config';

import { keepSecrets } from './secrets.js';

describe('keepSecrets', () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stowage-secrets-'));
    path = join(directory, 'secrets.json');
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('generates secrets once and keeps them, readable by their owner alone', () => {
    const made = keepSecrets(directory);
    expect(keepSecrets(directory)).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('generates other secrets for another directory', () => {
    const made = keepSecrets(directory);
    rmSync(path);
    const others = Object.values(keepSecrets(directory));
    expect(others.filter((secret) => Object.values(made).includes(secret))).toEqual([]);
  });

  it('generates secrets of the form that the settings require', () => {
    const secrets = keepSecrets(directory);
    const settings = loadSettings({
      DATABASE_URL: 'postgresql://localhost/stowage',
      REDIS_URL: 'redis://localhost',
      STOWAGE_JWT_KEYS: secrets.jwtKeys,
      STOWAGE_TOKEN_SECRET: secrets.tokenSecret,
    });
    expect(settings.jwtKeys).toHaveLength(1);
  });

  it('adds the secrets of a later version, and keeps the rest', () => {
    const { tokenSecret, ...others } = keepSecrets(directory);
    writeFileSync(path, JSON.stringify(others));
    const completed = keepSecrets(directory);
    expect(completed).toMatchObject(others);
    expect(completed.tokenSecret).not.toBe(tokenSecret);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(completed);
  });

  it('refuses a file that cannot be read, and leaves its content', () => {
    writeFileSync(path, '{');
    expect(() => keepSecrets(directory)).toThrow('secrets.json is not readable JSON');
    expect(readFileSync(path, 'utf8')).toBe('{');
  });
});
