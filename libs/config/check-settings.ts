import {
  describeLocalSettings,
  describeSettings,
  type Environment,
  EXIT_CODE_OF_BAD_SETTINGS,
  loadLocalSettings,
  loadSettings,
  loadWorkerSettings,
  SettingsError,
  unknownVariables,
} from './settings.js';

const USAGE = `usage: npm run config:check [-- --worker | --local]

Says whether the API would start with the variables of this environment, and prints every setting, secrets masked.
--worker checks for a worker, which needs no secret of the API.
--local checks for npm start on one machine, which makes itself what is not set.
`;

const CHECKS: Readonly<Record<string, (env: Environment) => Readonly<Record<string, string>>>> = {
  '': (env) => describeSettings(loadSettings(env)),
  '--worker': (env) => describeSettings(loadWorkerSettings(env)),
  '--local': (env) => describeLocalSettings(loadLocalSettings(env)),
};

/**
 * What a process would make of an environment, for `npm run config:check`.
 *
 * @returns what to print, and the exit code: 78 when a process would refuse to start
 */
export function checkSettings(env: Environment, args: readonly string[]): { text: string; exitCode: number } {
  const check = CHECKS[args.join(' ')];
  if (check === undefined) return { text: USAGE, exitCode: 2 };
  const warnings = unknownVariables(env).map((warning) => `warning: ${warning}\n`);
  try {
    const lines = Object.entries(check(env)).map(([name, value]) => `${name}=${value}\n`);
    return { text: [...lines, ...warnings, 'settings are acceptable\n'].join(''), exitCode: 0 };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { text: [...warnings, `${error.message}\n`].join(''), exitCode: EXIT_CODE_OF_BAD_SETTINGS };
  }
}
