import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { migrate, MIGRATIONS, upgradeReport } from '#database';

import { brokenPromises, finish, Load } from '../faults/load.js';
import { TestCluster } from '../support/clusters.js';
import { createEmptyDatabase, type EmptyDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { assertLedgerHolds } from '../support/invariants.js';
import { faultsOfMigrations } from '../support/migration-rules.js';
import { NEXT_RELEASE } from '../support/next-release.js';
import { aTeam } from '../support/people.js';
import { Random } from '../support/random.js';
import { ServedProcess } from '../support/served-process.js';
import { testEnvironment } from '../support/settings.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

const settingsOf = (url: string) => ({ url, poolMax: 3, applicationName: 'stowage-test' });

describe('a build whose database is migrated by the next one', () => {
  let stowage: Stowage;
  let pool: Pool;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 2 });
    pool = new Pool({ connectionString: stowage.database.url, max: 3 });
  });

  afterAll(async () => {
    await pool.end();
    await stowage.stop();
  });

  it('covers all that the rules for migrations allow', async () => {
    expect(await faultsOfMigrations(NEXT_RELEASE)).toEqual([]);
  });

  it('serves during and after the migration: no request fails, and no deployment is lost or doubled', async () => {
    const { url } = stowage.database;
    const cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 200 });
    const load = new Load(cluster, pool, Random.of('a migration by the next release'));
    const hasMoved = async (): Promise<number> => {
      const { length } = load.told.submitted;
      const done = load.told.completed.size;
      await eventually(
        () => Promise.resolve(load.told),
        ({ submitted, completed }) => submitted.length > length && completed.size > done,
        30_000,
      );
      return load.told.completed.size;
    };
    // Every statement is prepared before the tables change under it.
    await hasMoved();
    const applied: string[] = [];
    for (let count = 1; count <= NEXT_RELEASE.length; count++) {
      applied.push(...(await migrate(settingsOf(url), [...MIGRATIONS, ...NEXT_RELEASE.slice(0, count)])));
      await hasMoved();
    }
    expect(applied).toEqual(NEXT_RELEASE.map(({ name }) => name));
    const told = await load.stop();
    await finish(pool, cluster, 60_000);
    expect(told.faults).toEqual([]);
    expect(await brokenPromises(pool, cluster, told)).toEqual([]);
    await assertLedgerHolds(url);
    expect((await stowage.client.get('/health/ready')).status).toBe(200);
  }, 180_000);

  it('refuses to migrate the newer database, and reports that before', async () => {
    const settings = settingsOf(stowage.database.url);
    await expect(migrate(settings)).rejects.toThrow(
      /migrated by a newer build: this one does not know 9001-makes-tables/,
    );
    expect((await upgradeReport(settings)).obstacles).toHaveLength(NEXT_RELEASE.length);
  });
});

describe('a build that is started before its migrations are', () => {
  let database: EmptyDatabase;
  const started: ServedProcess[] = [];

  beforeAll(async () => {
    database = await createEmptyDatabase();
    await migrate(settingsOf(database.url), MIGRATIONS.slice(0, -1));
  });

  afterAll(async () => {
    for (const one of started) await one.stop();
    await database.drop();
  });

  it('stays unready with the reason, and serves without a restart after the migrations', async () => {
    const environment = testEnvironment(database.url, { STOWAGE_LOG_LEVEL: 'info' });
    const api = new ServedProcess('api', environment, await freePort());
    const worker = new ServedProcess('worker', environment, await freePort());
    started.push(api, worker);
    const starts = Promise.all(started.map((one) => one.start()));
    for (const { url } of started) {
      const health = async (kind: string): Promise<{ status?: number; text?: string }> => {
        const answer = await fetch(`${url}/health/${kind}`).catch(() => undefined);
        return answer === undefined ? {} : { status: answer.status, text: await answer.text() };
      };
      await eventually(
        () => health('ready'),
        ({ status, text }) => status === 503 && text?.includes('"migrations":"pending"') === true,
        30_000,
      );
      expect((await health('startup')).status).toBe(503);
      expect((await health('live')).status).toBe(200);
    }
    await sleep(1_500); // longer than a sweep: a worker has tried its statements on tables as they were
    expect(await migrate(settingsOf(database.url))).toEqual([MIGRATIONS.at(-1)?.name]);
    await starts;
    expect((await fetch(`${api.url}/health/ready`)).status).toBe(200);
    for (const one of started.splice(0)) expect(await one.stop()).toBe(0);
  });
});
