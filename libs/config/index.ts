export { checkSettings } from './check-settings.js';
export { ConfigModule } from './config.module.js';
export { renderEnvExample } from './env-example.js';
export {
  ApiSettings,
  describeSettings,
  type Environment,
  EXIT_CODE_OF_BAD_SETTINGS,
  loadCommandSettings,
  loadLocalSettings,
  type LocalSettings,
  loadSettings,
  loadWorkerSettings,
  Settings,
  SettingsError,
  unknownVariables,
  workerEnvironment,
} from './settings.js';
export { settingsOrExit } from './start.js';
export type { SigningKey, TrustProxy } from './variable-types.js';
