import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';

import { createHttpApp, createLogger, NestLogger } from '#http';

import { ApiModule } from '../../apps/api/api.module.js';
import { TAGS } from '../../apps/api/tags.js';
import { WorkerModule } from '../../apps/worker/worker.module.js';
import { ApiClient } from './api-client.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { assertLedgerHolds } from './invariants.js';
import { testEnvironment, testSettings, workerSettings } from './settings.js';

/** How many workers, and settings that differ from the defaults, by the names of their variables. */
export interface StartOptions {
  readonly workers?: number;
  /** What is done to the database before anybody connects to it. */
  readonly prepare?: (databaseUrl: string) => Promise<unknown>;
  readonly REDIS_URL?: string;
  readonly [setting: `STOWAGE_${string}`]: string;
}

/** A whole Stowage in this process: the API on a free port, any number of workers, a database of its own. */
export class Stowage {
  private readonly workers: INestApplicationContext[] = [];
  private readonly otherApis: NestFastifyApplication[] = [];

  private constructor(
    readonly database: TestDatabase,
    /** With what further processes join this installation. */
    readonly environment: Record<string, string>,
    readonly api: NestFastifyApplication,
    readonly client: ApiClient,
  ) {}

  static async start({ workers = 1, prepare, ...overrides }: StartOptions = {}): Promise<Stowage> {
    const database = await createTestDatabase();
    await prepare?.(database.url);
    const environment = testEnvironment(database.processUrl, overrides);
    const api = await startApi(database, environment);
    const stowage = new Stowage(database, environment, api, await ApiClient.connect(await api.getUrl()));
    for (let i = 0; i < workers; i++) await stowage.addWorker();
    return stowage;
  }

  /** Another process of the API, as far as everything outside of this process can tell. @returns its address */
  async addApi(): Promise<string> {
    const api = await startApi(this.database, this.environment);
    this.otherApis.push(api);
    return api.getUrl();
  }

  async addWorker(): Promise<INestApplicationContext> {
    const settings = workerSettings(this.database.processUrl, this.environment);
    const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings), {
      logger: new NestLogger(createLogger(settings)),
      abortOnError: false,
    });
    this.workers.push(worker);
    return worker;
  }

  /** Stops it, once its ledger is proved. */
  async proveAndStop(): Promise<void> {
    try {
      await assertLedgerHolds(this.database.url);
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await Promise.all([this.api, ...this.otherApis].map((api) => api.close()));
    await this.database.drop();
  }
}

async function startApi(
  database: TestDatabase,
  environment: Readonly<Record<string, string>>,
): Promise<NestFastifyApplication> {
  const settings = testSettings(database.processUrl, environment);
  const api = await createHttpApp(ApiModule.forRoot(settings), settings, {
    logger: createLogger(settings),
    tags: TAGS,
  });
  await api.listen(0, '127.0.0.1');
  return api;
}
