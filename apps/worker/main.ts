import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';

import { settingsOrExit, unknownVariables } from '#config';
import { createLogger, NestLogger, stopOnSignal } from '#http';

import { WorkerModule } from './worker.module.js';

const settings = settingsOrExit();
const logger = createLogger(settings);
logger.info({ settings }, 'settings');
unknownVariables().forEach((warning) => logger.warn(warning));

const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings), {
  logger: new NestLogger(logger),
  abortOnError: false,
});
stopOnSignal(app, logger);
logger.info('worker is running');
