import { EXIT_CODE_OF_BAD_SETTINGS, type Settings, SettingsError } from './settings.js';

/**
 * The settings of this process; when they are not acceptable it says all that is wrong on standard error, and ends with code 78.
 *
 * @param load which settings they are: the API's or a worker's
 */
export function settingsOrExit<S extends Settings>(load: () => S): S {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODE_OF_BAD_SETTINGS);
  }
}
