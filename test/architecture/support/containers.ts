import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Environment, loadCommandSettings, loadSettings, loadWorkerSettings } from '#config';

/** A stage of a Dockerfile: its instructions with those of the stages that it is made from. */
export interface Stage {
  readonly instructions: readonly string[];
}

/** The stages of a Dockerfile by name. */
export function stagesOf(dockerfile: string): Map<string, Stage> {
  const stages = new Map<string, Stage>();
  for (const part of dockerfile
    .replaceAll('\\\n', ' ')
    .split(/^FROM /m)
    .slice(1)) {
    const [first = '', ...lines] = part.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const [, from = '', name = ''] = /^(\S+) AS (\S+)$/.exec(first) ?? [];
    stages.set(name, { instructions: [...(stages.get(from)?.instructions ?? []), ...lines] });
  }
  return stages;
}

/** The variables that an image sets. */
export const environmentOf = ({ instructions }: Stage): Record<string, string> =>
  Object.fromEntries(
    instructions
      .filter((line) => line.startsWith('ENV '))
      .flatMap((line) => [...line.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])),
  );

/** The way in which each program of ours reads its settings. */
export const LOAD: Readonly<Record<string, (env: Environment, readFile: (path: string) => string) => unknown>> = {
  api: loadSettings,
  worker: loadWorkerSettings,
  migrate: loadCommandSettings,
};

/** The names of the files that variables of an environment name, as a container is given them. */
export const secretsNamedIn = (env: Environment): string[] =>
  Object.entries(env)
    .flatMap(([variable, path]) => (variable.endsWith('_FILE') ? [(path ?? '').replace('/run/secrets/', '')] : []))
    .sort();

/** Secrets of an installation, each in a file. */
export interface Secrets {
  readonly folder: string;
  readonly remove: () => void;
}

/** Makes all secrets as an operator does, in a folder of their own. */
export function makeSecrets(): Secrets {
  const folder = mkdtempSync(join(tmpdir(), 'stowage-secrets-'));
  execFileSync(process.execPath, ['docker/make-secrets.mjs', folder]);
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
