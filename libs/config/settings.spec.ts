import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';

import {
  ApiSettings,
  checkSettings,
  ConfigModule,
  describeSettings,
  loadCommandSettings,
  loadLocalSettings,
  loadSettings,
  loadWorkerSettings,
  renderEnvExample,
  Settings,
  SettingsError,
  unknownVariables,
  workerEnvironment,
} from '#config';

const aKey = (kid: string): object => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid,
});
const TOKEN_SECRET = randomBytes(32).toString('base64url');
const REQUIRED = {
  DATABASE_URL: 'postgresql://app:hunter2@db.example:5432/stowage',
  REDIS_URL: 'redis://127.0.0.1:6379',
  STOWAGE_JWT_KEYS: JSON.stringify([aKey('k1'), aKey('k0')]),
  STOWAGE_TOKEN_SECRET: TOKEN_SECRET,
};

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    loadSettings({ ...REQUIRED, ...env });
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as SettingsError).problems;
  }
}

describe('settings', () => {
  it('uses defaults for every variable that has one', () => {
    const settings = loadSettings(REQUIRED);
    expect(settings).toBeInstanceOf(Settings);
    expect(settings).toMatchObject({ port: 3000, host: '127.0.0.1', trustProxy: false, corsOrigins: [] });
    expect(settings.jwtKeys.map((key) => key.kid)).toEqual(['k1', 'k0']);
    expect(settings.tokenSecret.symmetricKeySize).toBe(32);
    expect(settings.metricsToken).toBeUndefined();
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('reports all problems at once, without the values', () => {
    const problems = problemsOf({ PORT: '65536', REDIS_URL: undefined, STOWAGE_TOKEN_SECRET: 'short-secret' });
    expect(problems).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'REDIS_URL is required',
      'STOWAGE_TOKEN_SECRET must be at least 32 bytes in base64url',
    ]);
  });

  const mismatched = { ...aKey('a'), d: (aKey('b') as { d: string }).d };
  it.each([
    ['PORT', '0x10'],
    ['PORT', '1e3'],
    ['PORT', '-1'],
    ['PORT', ' 80'],
    ['HOST', 'a b'],
    ['NODE_ENV', 'staging'],
    ['DATABASE_URL', 'mysql://x/y'],
    ['REDIS_URL', 'not a url'],
    ['STOWAGE_ARGON2_MEMORY_KIB', '1024'],
    ['STOWAGE_PASSWORD_MIN_LENGTH', '7'],
    ['STOWAGE_LOG_LEVEL', 'loud'],
    ['STOWAGE_CORS_ORIGINS', 'https://a.example/path'],
    ['STOWAGE_PUBLIC_URL', 'ftp://a.example'],
    ['STOWAGE_TRUST_PROXY', 'true'],
    ['STOWAGE_TRUST_PROXY', '10.0.0.0/33'],
    ['STOWAGE_TRUST_PROXY', '0'],
    ['STOWAGE_METRICS_TOKEN', 'aaaaaaaaaaaaaaaaaaaaaa'],
    ['STOWAGE_TOKEN_SECRET', 'A'.repeat(64)],
    ['STOWAGE_JWT_KEYS', '{'],
    ['STOWAGE_JWT_KEYS', '[]'],
    ['STOWAGE_JWT_KEYS', JSON.stringify([aKey('')])],
    ['STOWAGE_JWT_KEYS', JSON.stringify([aKey('same'), aKey('same')])],
    ['STOWAGE_JWT_KEYS', JSON.stringify([{ ...aKey('a'), crv: 'P-384' }])],
    ['STOWAGE_JWT_KEYS', JSON.stringify([{ ...aKey('a'), d: undefined }])],
    ['STOWAGE_JWT_KEYS', JSON.stringify([mismatched])],
  ])('refuses %s=%s with one problem that does not repeat the value', (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} must `));
    if (value.length > 3) {
      expect(problems[0]).not.toContain(value);
    }
  });

  it('refuses a signing key that was published as an example', () => {
    const published = {
      kty: 'EC',
      crv: 'P-256',
      kid: 'a',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
    };
    expect(problemsOf({ STOWAGE_JWT_KEYS: JSON.stringify([published]) })[0]).toContain('published as an example');
  });

  it('requires https origins and STOWAGE_TRUST_PROXY in production', () => {
    const production = { NODE_ENV: 'production', STOWAGE_CORS_ORIGINS: '*', STOWAGE_PUBLIC_URL: 'http://a.example' };
    expect(problemsOf(production)).toHaveLength(3);
    expect(
      problemsOf({
        NODE_ENV: 'production',
        STOWAGE_CORS_ORIGINS: 'https://a.example,https://b.example:8443',
        STOWAGE_PUBLIC_URL: 'https://a.example',
        STOWAGE_TRUST_PROXY: 'none',
      }),
    ).toEqual([]);
  });

  it('checks rules over several variables', () => {
    expect(problemsOf({ STOWAGE_REFRESH_ABSOLUTE_SECONDS: '3600' })[0]).toContain('STOWAGE_REFRESH_IDLE_SECONDS');
  });

  it.each([
    ['none', false],
    ['1', 1],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ])('reads STOWAGE_TRUST_PROXY=%s', (value, expected) => {
    expect(loadSettings({ ...REQUIRED, STOWAGE_TRUST_PROXY: value }).trustProxy).toEqual(expected);
  });

  it('reads secrets from files, and refuses a secret that is set twice', () => {
    const { STOWAGE_TOKEN_SECRET: secret, ...others } = REQUIRED;
    const env = { ...others, STOWAGE_TOKEN_SECRET_FILE: '/run/secrets/token' };
    expect(loadSettings(env, () => `${secret}\n`).tokenSecret.symmetricKeySize).toBe(32);
    expect(() => loadSettings({ ...env, STOWAGE_TOKEN_SECRET: secret }, () => secret)).toThrow(/set twice/);
    expect(() => loadSettings(env)).toThrow(/STOWAGE_TOKEN_SECRET cannot be read/);
  });

  it('masks secrets when settings are printed', () => {
    const settings = loadSettings({ ...REQUIRED, STOWAGE_METRICS_TOKEN: 'metrics-T0ken-of-test' });
    const printed = [inspect(settings), JSON.stringify(settings), inspect({ settings })].join();
    const keys = JSON.parse(REQUIRED.STOWAGE_JWT_KEYS) as { d: string }[];
    for (const secret of ['hunter2', TOKEN_SECRET, 'metrics-T0ken', ...keys.map((key) => key.d)]) {
      expect(printed).not.toContain(secret);
    }
    expect(describeSettings(settings)).toMatchObject({
      DATABASE_URL: 'postgresql://***@db.example:5432/stowage',
      STOWAGE_JWT_KEYS: '*** (k1, k0)',
      STOWAGE_METRICS_TOKEN: '***',
    });
  });

  it('requires no secret of the API for a worker, and reads none that is set', () => {
    const others = workerEnvironment(REQUIRED);
    expect(Object.keys(others)).toEqual(['DATABASE_URL', 'REDIS_URL']);
    const env = {
      ...others,
      NODE_ENV: 'production',
      STOWAGE_JWT_KEYS: 'broken',
      STOWAGE_TOKEN_SECRET_FILE: '/nowhere',
    };
    const settings = loadWorkerSettings(env);
    expect(settings).toBeInstanceOf(Settings);
    expect(settings).not.toBeInstanceOf(ApiSettings);
    expect(Object.keys(settings)).not.toEqual(expect.arrayContaining(['jwtKeys']));
    expect(Object.keys(describeSettings(settings))).not.toEqual(expect.arrayContaining(['STOWAGE_TOKEN_SECRET']));
    expect(workerEnvironment({ ...env, STOWAGE_METRICS_TOKEN: 'x' })).toEqual({
      ...others,
      NODE_ENV: 'production',
      STOWAGE_METRICS_TOKEN: 'x',
    });
    expect(() => loadSettings(others)).toThrow(/STOWAGE_JWT_KEYS is required[^]*STOWAGE_TOKEN_SECRET is required/);
  });

  it('requires nothing for the one-machine start', () => {
    expect(loadLocalSettings({})).toMatchObject({ dataDirectory: '.data', databaseUrl: undefined, port: 3000 });
    expect(() => loadLocalSettings({ PORT: 'x' })).toThrow(SettingsError);
  });

  it('requires no STOWAGE_TRUST_PROXY for a command in production', () => {
    expect(loadCommandSettings({ NODE_ENV: 'production' })).toMatchObject({ environment: 'production' });
    expect(() => loadCommandSettings({ NODE_ENV: 'production', PORT: 'x' })).toThrow(/PORT must be/);
    expect(() => loadLocalSettings({ NODE_ENV: 'production' })).toThrow(/STOWAGE_TRUST_PROXY must be set/);
  });

  it('warns about variables that no setting reads', () => {
    expect(unknownVariables({ STOWAGE_LOGLEVEL: 'x', STOWAGE_JWT_KEYS_FILE: 'x', STOWAGE_DATA_DIR: 'x' })).toEqual([
      'STOWAGE_LOGLEVEL is set, but nothing reads a variable of that name',
    ]);
  });

  it('accepts a data directory with spaces and letters of any language in its name', () => {
    expect(loadLocalSettings({ STOWAGE_DATA_DIR: '/home/Åsa K/my data' }).dataDirectory).toBe('/home/Åsa K/my data');
    expect(() => loadLocalSettings({ STOWAGE_DATA_DIR: 'a\nb' })).toThrow(/STOWAGE_DATA_DIR must be a path/);
  });

  it('checks settings without starting a process', () => {
    const good = checkSettings({ ...REQUIRED, STOWAGE_LOGLEVEL: 'x' }, 'api');
    expect(good.exitCode).toBe(0);
    expect(good.text).toContain('DATABASE_URL=postgresql://***@db.example:5432/stowage\n');
    expect(good.text).toContain('STOWAGE_METRICS_TOKEN=not set\n');
    expect(good.text).toContain('warning: STOWAGE_LOGLEVEL is set, but nothing reads a variable of that name\n');
    expect(good.text).not.toContain(TOKEN_SECRET);
    expect(checkSettings({}, 'api')).toMatchObject({
      exitCode: 78,
      text: expect.stringContaining('DATABASE_URL is required'),
    });
    expect(checkSettings({}, 'local')).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining('DATABASE_URL=not set\n'),
    });
    const { text, exitCode } = checkSettings(workerEnvironment(REQUIRED), 'worker');
    expect({ exitCode, hasKeys: text.includes('JWT_KEYS') }).toEqual({ exitCode: 0, hasKeys: false });
  });

  it('provides settings by their class', async () => {
    const settings = loadSettings(REQUIRED);
    const module = await Test.createTestingModule({ imports: [ConfigModule.forRoot(settings)] }).compile();
    expect(module.get(Settings)).toBe(settings);
  });

  it('lists every variable in the example file, which sets no secret', () => {
    const example = renderEnvExample();
    for (const name of Object.keys(describeSettings(loadSettings(REQUIRED)))) {
      expect(example).toMatch(new RegExp(`^(# )?${name}=`, 'm'));
    }
    expect(example).toMatch(/^STOWAGE_TOKEN_SECRET=$/m);
    expect(example).toMatch(/^STOWAGE_PASSWORD_MIN_LENGTH=15$/m);
    const lines = [...example.matchAll(/^# ([A-Z][A-Z_0-9]+)=(.*)$/gm)];
    const defaults = Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
    expect(describeSettings(loadSettings({ ...REQUIRED, ...defaults }))).toEqual(
      describeSettings(loadSettings(REQUIRED)),
    );
    expect(Math.max(...example.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});
