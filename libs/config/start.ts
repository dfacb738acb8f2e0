import { EXIT_CODE_OF_BAD_SETTINGS, loadSettings, type Settings, SettingsError } from './settings.js';

/** The settings of this process; when they are not acceptable it says all that is wrong on standard error, and ends with code 78. */
export function settingsOrExit(): Settings {
  try {
    return loadSettings(process.env);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CODE_OF_BAD_SETTINGS);
  }
}
