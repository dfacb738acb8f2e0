import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { loadWorkerSettings, type Settings, settingsOrExit, unknownVariables } from '#config';
import { createHttpApp, createLogger, NestLogger, stopOnSignal } from '#http';
import { startTracing } from '#telemetry';

import { ObservableWorkerModule, WorkerModule } from './worker.module.js';

const settings = settingsOrExit(loadWorkerSettings);
const logger = createLogger(settings);
logger.info({ settings }, 'settings');
unknownVariables().forEach((warning) => logger.warn(warning));
await startTracing(settings.tracesExporter, 'stowage-worker');

const { workerPort } = settings;
const app = await (workerPort === undefined ? startUnseen(settings) : startObservable(settings, workerPort));
stopOnSignal(app, logger, settings.stopDelaySeconds);
logger.info('worker is running');

function startUnseen(given: Settings) {
  return NestFactory.createApplicationContext(WorkerModule.forRoot(given), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
}

/** The same with health checks and metrics on a port of its own. */
async function startObservable(given: Settings, port: number) {
  const http = await createHttpApp(ObservableWorkerModule.forRoot(given), given, { logger, isDocumented: false });
  await http.listen(port, given.host);
  logger.info({ address: await http.getUrl() }, 'worker answers health checks');
  return http;
}
