import 'reflect-metadata';

import { loadSettings, settingsOrExit, unknownVariables } from '#config';
import { createHttpApp, createLogger, HTTP_LIMITS, stopOnSignal } from '#http';
import { startTracing } from '#telemetry';

import { ApiModule } from './api.module.js';
import { TAGS } from './tags.js';

const settings = settingsOrExit(loadSettings);
const logger = createLogger(settings);
logger.info({ settings }, 'settings');
unknownVariables().forEach((warning) => logger.warn(warning));
await startTracing(settings.tracesExporter, 'stowage-api');

const app = await createHttpApp(ApiModule.forRoot(settings), settings, { logger, tags: TAGS });
stopOnSignal(app, logger, settings.stopDelaySeconds);
await app.listen({ port: settings.port, host: settings.host, backlog: HTTP_LIMITS.backlog });
logger.info({ address: await app.getUrl() }, 'API is listening');
