#!/usr/bin/env node
// `node docker/make-secrets.mjs [FOLDER]`: makes what is missing of the secrets for compose.yaml, each in a file of its own. What is there
// stays. Without Node: docker run --rm -v "$PWD/docker:/docker" node:24-bookworm-slim node /docker/make-secrets.mjs
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, 'secrets'));
// The folder is its owner's alone. The files are for any user, because containers are given them one by one and run as another.
mkdirSync(folder, { recursive: true, mode: 0o700 });

const random = () => randomBytes(32).toString('base64url');

function signingKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return JSON.stringify([{ ...privateKey.export({ format: 'jwk' }), kid: randomBytes(9).toString('base64url') }]);
}

/** @returns {string} what the file holds, which is made when it is not there */
function keep(name, make) {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, make(), { mode: 0o444 });
  return readFileSync(path, 'utf8');
}

keep('postgres_password', random);
const owner = keep('owner_password', random);
const app = keep('app_password', random);
keep('migration_url', () => `postgresql://stowage:${owner}@postgres:5432/stowage`);
keep('database_url', () => `postgresql://stowage_app:${app}@postgres:5432/stowage`);
keep('redis_url', () => 'redis://redis:6379');
keep('jwt_keys', signingKeys);
keep('token_secret', random);
keep('metrics_token', random);
process.stdout.write(`secrets are in ${folder}\n`);
