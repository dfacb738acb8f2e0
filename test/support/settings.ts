import { generateKeyPairSync, randomBytes } from 'node:crypto';

import {
  type ApiSettings,
  type Environment,
  loadSettings,
  loadWorkerSettings,
  type Settings,
  workerEnvironment,
} from '#config';

import { fromTestRun } from './from-test-run.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const JWT_KEYS = JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: 'test' }]);

/** Settings of an API under test: its own database, its own corner of the run's Redis, its own secrets. */
export function testSettings(databaseUrl: string, overrides: Environment = {}): ApiSettings {
  return loadSettings(testEnvironment(databaseUrl, overrides));
}

/** The same of a worker, which has no secret of the API, as in every installation. */
export function workerSettings(databaseUrl: string, overrides: Environment = {}): Settings {
  return loadWorkerSettings(workerEnvironment(testEnvironment(databaseUrl, overrides)));
}

/** The same as environment variables, for processes that are started. */
export function testEnvironment(databaseUrl: string, overrides: Environment = {}): Record<string, string> {
  const environment: Environment = {
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: fromTestRun('STOWAGE_TEST_REDIS_URL'),
    STOWAGE_QUEUE_PREFIX: `test-${randomBytes(6).toString('hex')}`,
    STOWAGE_JWT_KEYS: JWT_KEYS,
    STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
    STOWAGE_LOG_LEVEL: 'fatal',
    ...overrides,
  };
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
