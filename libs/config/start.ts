import { EXIT_CODE_OF_BAD_SETTINGS, type Settings, SettingsError } from './settings.js';

/**
 * The settings of this process. When they are not acceptable, prints all problems to standard error and exits with code 78.
 *
 * @param load loads the settings of the API or those of a worker
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
