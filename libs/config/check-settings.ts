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

const CHECKS = {
  api: (env: Environment) => describeSettings(loadSettings(env)),
  worker: (env: Environment) => describeSettings(loadWorkerSettings(env)),
  local: (env: Environment) => describeLocalSettings(loadLocalSettings(env)),
};

/**
 * Reads an environment as a process would, for the command `config check`. `local` is `npm start`.
 *
 * @returns what to print, and the exit code: 78 when the process would refuse to start
 */
export function checkSettings(env: Environment, kind: keyof typeof CHECKS): { text: string; exitCode: number } {
  const warnings = unknownVariables(env).map((warning) => `warning: ${warning}\n`);
  try {
    const lines = Object.entries(CHECKS[kind](env)).map(([name, value]) => `${name}=${value}\n`);
    return { text: [...lines, ...warnings, 'settings are acceptable\n'].join(''), exitCode: 0 };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return { text: [...warnings, `${error.message}\n`].join(''), exitCode: EXIT_CODE_OF_BAD_SETTINGS };
  }
}
