import 'reflect-metadata';

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { loadSettings } from '#config';
import { describeHttpApp } from '#http';

import { ApiModule } from './api.module.js';
import { TAGS } from './tags.js';

/** Renders the API's OpenAPI document, without a server: no setting of this machine appears in it. `docs/openapi.json` is the same, formatted. */
export async function renderOpenApi(): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const settings = loadSettings({
    DATABASE_URL: 'postgres://nowhere.invalid/none',
    REDIS_URL: 'redis://nowhere.invalid',
    STOWAGE_JWT_KEYS: JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: 'none' }]),
    STOWAGE_TOKEN_SECRET: randomBytes(32).toString('base64url'),
  });
  const document = await describeHttpApp(ApiModule.forRoot(settings), settings, TAGS);
  return JSON.stringify(document);
}
