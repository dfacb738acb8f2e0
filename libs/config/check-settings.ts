import {
  describeLocalSettings,
  describeSettings,
  type Environment,
  EXIT_CODE_OF_BAD_SETTINGS,
  loadLocalSettings,
  loadSettings,
  SettingsError,
  unknownVariables,
} from './settings.js';

const USAGE = `usage: npm run config:check [-- --local]

Says whether the API and the worker would start with the variables of this environment, and prints every setting, secrets masked.
--local checks for npm start on one machine, which makes itself what is not set.
`;

/**
 * What a process would make of an environment, for `npm run config:check`.
 *
 * @returns what to print, and the exit code: 78 when a process would refuse to start
 */
export function checkSettings(env: Environment, args: readonly string[]): { text: string; exitCode: number } {
  const isLocal = args[0] === '--local';
  if (args.length > (isLocal ? 1 : 0)) return { text: USAGE, exitCode: 2 };
  const warnings = unknownVariables(env).map((warning) => `warning: ${warning}\n`);
  try {
    const settings = isLocal ? describeLocalSettings(loadLocalSettings(env)) : describeSettings(loadSettings(env));
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    return { text: [...lines, ...warnings, 'settings are acceptable\n'].join(''), exitCode: 0 };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { text: [...warnings, `${error.message}\n`].join(''), exitCode: EXIT_CODE_OF_BAD_SETTINGS };
  }
}
