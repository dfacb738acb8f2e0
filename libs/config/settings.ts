import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { type Defaulted, RefusedValue, type ValueOf, type Variable } from './variable.js';
import {
  GROUPS,
  LOCAL_VARIABLES,
  type SettingValues,
  VARIABLES,
  WORKER_VARIABLES,
  type WorkerSettingValues,
} from './variables.js';

/** Environment variables by name, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The exit code of a process whose settings are not acceptable (sysexits: EX_CONFIG). */
export const EXIT_CODE_OF_BAD_SETTINGS = 78;

/** The settings are not acceptable: all problems at once, each with its variable and without the value. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`settings are not acceptable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
  }
}

const SettingsBase = class {} as unknown as abstract new () => WorkerSettingValues;

/**
 * The settings that every process has: parsed once at start, immutable, injectable by this class.
 *
 * Printing the whole object, by a log or `JSON.stringify`, shows secrets masked.
 */
export abstract class Settings extends SettingsBase {
  toJSON(): Readonly<Record<string, string>> {
    return describeSettings(this);
  }

  [inspect.custom](): Readonly<Record<string, string>> {
    return describeSettings(this);
  }
}

const ApiSettingsBase = Settings as unknown as abstract new () => Settings & SettingValues;

/** The settings of the API: those of every process, and the secrets of the API. Injectable by this class in the API only. */
export abstract class ApiSettings extends ApiSettingsBase {}

type Table = Readonly<Record<string, Variable<unknown>>>;
type ReadFile = (path: string) => string;

const readText: ReadFile = (path) => readFileSync(path, 'utf8');

/** The text of a variable, from itself or from the file that `NAME_FILE` names; empty counts as not set. */
function textOf(variable: Variable<unknown>, env: Environment, readFile: ReadFile): string | undefined {
  const direct = env[variable.name];
  const path = variable.isSecret === true ? env[`${variable.name}_FILE`] : undefined;
  if (path === undefined || path === '') {
    return direct === '' ? undefined : direct;
  }
  if (direct !== undefined && direct !== '') {
    throw new RefusedValue(`is set twice, by itself and by ${variable.name}_FILE`);
  }
  try {
    return readFile(path).trim();
  } catch {
    throw new RefusedValue(`cannot be read from the file that ${variable.name}_FILE names`);
  }
}

function parse(table: Table, env: Environment, readFile: ReadFile, requireAll: boolean) {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [setting, variable] of Object.entries(table)) {
    try {
      const text = textOf(variable, env, readFile);
      if (text !== undefined) {
        values[setting] = variable.parse(text);
      } else if (variable.absence.kind === 'default') {
        values[setting] = variable.absence.value;
      } else if (variable.absence.kind === 'required' && requireAll) {
        throw new RefusedValue('is required');
      } else {
        values[setting] = undefined;
      }
    } catch (error) {
      if (!(error instanceof RefusedValue)) {
        throw error;
      }
      problems.push(`${variable.name} ${error.message}`);
    }
  }
  return { values, problems };
}

/** Rules over several variables, all of them of the API. */
function rulesAcross(values: Partial<SettingValues>, env: Environment): string[] {
  const problems: string[] = [];
  const { refreshIdleSeconds: idle = 0, refreshAbsoluteSeconds: absolute = Infinity } = values;
  if (idle > absolute) {
    problems.push('STOWAGE_REFRESH_IDLE_SECONDS must not be more than STOWAGE_REFRESH_ABSOLUTE_SECONDS');
  }
  if (values.environment === 'production') {
    if (values.corsOrigins?.some((allowed) => !allowed.startsWith('https://')) === true) {
      problems.push('STOWAGE_CORS_ORIGINS must hold https origins only, and not *, in production');
    }
    if (values.publicUrl?.startsWith('https://') === false) {
      problems.push('STOWAGE_PUBLIC_URL must be https in production');
    }
    if ((env['STOWAGE_TRUST_PROXY'] ?? '') === '') {
      problems.push('STOWAGE_TRUST_PROXY must be set in production: none, or the proxies in front of the API');
    }
  }
  return problems;
}

/** @throws SettingsError when there are problems */
function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new SettingsError(problems);
}

/**
 * The settings of the API.
 *
 * @throws SettingsError with all problems at once
 */
export function loadSettings(env: Environment = process.env, readFile: ReadFile = readText): ApiSettings {
  const { values, problems } = parse(VARIABLES, env, readFile, true);
  assertNone([...problems, ...rulesAcross(values, env)]);
  return Object.freeze(Object.assign(Object.create(ApiSettings.prototype) as ApiSettings, values));
}

/**
 * The settings of a worker. The secrets of the API are not read, even where they are set.
 *
 * @throws SettingsError with all problems at once
 */
export function loadWorkerSettings(env: Environment = process.env, readFile: ReadFile = readText): Settings {
  const { values, problems } = parse(WORKER_VARIABLES, env, readFile, true);
  assertNone(problems);
  return Object.freeze(Object.assign(Object.create(Settings.prototype) as Settings, values));
}

/** An environment for a worker: without the secrets of the API. */
export function workerEnvironment<E extends Environment>(env: E): E {
  const apart = Object.entries(VARIABLES).flatMap(([setting, { name }]) => (setting in WORKER_VARIABLES ? [] : [name]));
  const hidden = new Set(apart.flatMap((name) => [name, `${name}_FILE`]));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !hidden.has(name))) as E;
}

type AllVariables = typeof VARIABLES & typeof LOCAL_VARIABLES;

/** Settings of the one-machine start, which provides itself what is not set. */
export type LocalSettings = {
  readonly [N in keyof AllVariables]:
    ValueOf<AllVariables[N]> | (AllVariables[N] extends Defaulted ? never : undefined);
};

/**
 * The settings of the one-machine start: as `loadSettings`, but nothing is required.
 *
 * @throws SettingsError with all problems at once
 */
export function loadLocalSettings(env: Environment = process.env, readFile: ReadFile = readText): LocalSettings {
  return localSettings(env, readFile, rulesAcross);
}

/**
 * The settings of a command: nothing is required, and the rules of the API do not apply.
 *
 * @throws SettingsError with all problems at once
 */
export function loadCommandSettings(env: Environment = process.env, readFile: ReadFile = readText): LocalSettings {
  return localSettings(env, readFile, () => []);
}

function localSettings(env: Environment, readFile: ReadFile, rules: typeof rulesAcross): LocalSettings {
  const { values, problems } = parse({ ...VARIABLES, ...LOCAL_VARIABLES }, env, readFile, false);
  assertNone([...problems, ...rules(values, env)]);
  return Object.freeze(values) as unknown as LocalSettings;
}

/** Every setting of a process by its variable's name, as text to print at start. Secrets are masked. */
export function describeSettings(settings: Settings): Readonly<Record<string, string>> {
  return describe(settings instanceof ApiSettings ? VARIABLES : WORKER_VARIABLES, settings);
}

/** The same for the one-machine start. */
export function describeLocalSettings(settings: LocalSettings): Readonly<Record<string, string>> {
  return describe({ ...VARIABLES, ...LOCAL_VARIABLES }, settings);
}

function describe(table: Table, settings: object): Readonly<Record<string, string>> {
  const values = new Map<string, unknown>(Object.entries(settings));
  return Object.fromEntries(
    Object.entries(table).map(([setting, variable]) => {
      const value = values.get(setting);
      return [variable.name, value === undefined ? 'not set' : variable.show(value)];
    }),
  );
}

/** One sentence for each `STOWAGE_` variable that no setting reads: a misspelt one would otherwise be ignored silently. */
export function unknownVariables(env: Environment = process.env): string[] {
  const variables: readonly Variable<unknown>[] = [
    ...GROUPS.flatMap((group): readonly Variable<unknown>[] => Object.values<Variable<unknown>>(group.variables)),
    ...Object.values(LOCAL_VARIABLES),
  ];
  const known = new Set(
    variables.flatMap(({ name, isSecret }) => (isSecret === true ? [name, `${name}_FILE`] : [name])),
  );
  return Object.keys(env)
    .filter((name) => name.startsWith('STOWAGE_') && !known.has(name))
    .sort()
    .map((name) => `${name} is set, but nothing reads a variable of that name`);
}
