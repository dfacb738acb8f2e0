import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { newPassword } from './services/local-services.js';
import { Stop } from './services/stop.js';

/** What the one-machine default would otherwise have to ask for. Each installation makes its own, once. */
export interface Secrets {
  /** Of the superuser of our own PostgreSQL. */
  readonly postgresPassword: string;
  /** Of the database user that owns the tables, for migrations and commands. */
  readonly databasePassword: string;
  /** Of the database user that API and worker connect as. */
  readonly processPassword: string;
  /** A JSON array of private keys (JWK): the form of STOWAGE_JWT_KEYS. */
  readonly jwtKeys: string;
  /** Random bytes in base64url: the form of STOWAGE_TOKEN_SECRET. */
  readonly tokenSecret: string;
}

const MAKERS: { readonly [N in keyof Secrets]: () => string } = {
  postgresPassword: newPassword,
  databasePassword: newPassword,
  processPassword: newPassword,
  jwtKeys: () => JSON.stringify([newSigningKey()]),
  tokenSecret: () => randomBytes(32).toString('base64url'),
};

/** The secrets of a data directory: those in its secrets.json, which only its owner can read; missing ones are made. */
export function keepSecrets(directory: string): Secrets {
  const path = join(directory, 'secrets.json');
  const known = existsSync(path) ? read(path) : {};
  const names = Object.keys(MAKERS) as (keyof Secrets)[];
  const secrets = Object.fromEntries(names.map((name) => [name, known[name] ?? MAKERS[name]()]));
  if (names.some((name) => known[name] === undefined)) {
    writeDurably(path, `${JSON.stringify(secrets, null, 2)}\n`);
  }
  return secrets as unknown as Secrets;
}

function read(path: string): Partial<Secrets> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<Secrets>;
  } catch {
    throw new Stop(
      `${path} is not readable JSON: put back a copy, for the database there only opens with its password.`,
    );
  }
}

/** A database whose password was lost with the power would be lost too: the file is on disk before it has its name. */
function writeDurably(path: string, text: string): void {
  const draft = `${path}.draft`;
  const file = openSync(draft, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(draft, path);
}

function newSigningKey(): Readonly<Record<string, unknown>> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomBytes(9).toString('base64url') };
}
