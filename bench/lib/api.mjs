// The API within the benchmark's own process, on a database of its own; no worker, so that nothing happens but what is asked for.
import 'reflect-metadata';

import { loadSettings } from '#config';
import { createHttpApp, createLogger } from '#http';

import { withDatabase } from './database.mjs';

/** Settings of something that runs within the benchmark's process. */
export const settingsOf = (env, overrides = {}) =>
  loadSettings({ ...env, NODE_ENV: 'test', STOWAGE_LOG_LEVEL: 'fatal', ...overrides });

/** @param work gets the API's port, a connected client of the database, and the environment of what joins them */
export async function withApi(name, work) {
  await withDatabase(name, async (env, client) => {
    const { ApiModule } = await import(new URL('../../dist/apps/api/api.module.js', import.meta.url).href);
    const settings = settingsOf(env);
    const app = await createHttpApp(ApiModule.forRoot(settings), settings, { logger: createLogger(settings) });
    try {
      await app.listen(0, '127.0.0.1');
      await work(Number(new URL(await app.getUrl()).port), client, env);
    } finally {
      await app.close();
    }
  });
}
