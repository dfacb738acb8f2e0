import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';

import { Database, databaseOptions, migrate, MIGRATIONS, MikroORM, upgradeReport } from '#database';
import { LedgerAudit } from '#ledger';

import { ENTITIES } from '../../apps/api/api.module.js';
import { WorkerModule } from '../../apps/worker/worker.module.js';
import { canDump, copyRows, dumpAndRestore } from '../support/copies.js';
import { withClient } from '../support/database.js';
import { fromTestRun } from '../support/from-test-run.js';
import { fillInstallation, type FilledInstallation } from '../support/filled-installation.js';
import { NEXT_RELEASE } from '../support/next-release.js';
import { workerSettings } from '../support/settings.js';
import { eventually } from '../support/wait.js';

const settingsOf = (url: string) => ({ url, poolMax: 2, applicationName: 'stowage-test' });

/** What an audit of everything finds, from the first entry on. */
async function audit(url: string): Promise<readonly unknown[] | undefined> {
  const database = new Database(await MikroORM.init(databaseOptions(settingsOf(url), ENTITIES)));
  try {
    return (await LedgerAudit.over(database).full())?.broken;
  } finally {
    await database.orm.close(true);
  }
}

async function statuses(url: string): Promise<Map<string, string>> {
  const { rows } = await withClient(url, (client) =>
    client.query<{ id: string; status: string }>('select id, status from deployments'),
  );
  return new Map(rows.map(({ id, status }) => [id, status]));
}

/** Runs a worker until nothing waits and everything that has ended has given back what it held. */
async function work(url: string): Promise<void> {
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(workerSettings(url)), {
    logger: false,
  });
  const open = `select 1 from deployments where status = 'queued' or (ended_at is not null and released_at is null)`;
  try {
    await eventually(
      () => withClient(url, async (client) => (await client.query(open)).rowCount),
      (count) => count === 0,
      20_000,
    );
  } finally {
    await worker.close();
  }
}

describe('an installation that is upgraded', () => {
  const admin = new Client({ connectionString: fromTestRun('STOWAGE_TEST_DATABASE_URL') });
  const folder = mkdtempSync(join(tmpdir(), 'stowage-copies-'));
  const made: string[] = [];
  let url: string;
  let filled: FilledInstallation;

  const anEmptyDatabase = async (): Promise<string> => {
    const name = `upgrade_${randomBytes(6).toString('hex')}`;
    await admin.query(`create database ${name}`);
    made.push(name);
    const address = new URL(fromTestRun('STOWAGE_TEST_DATABASE_URL'));
    address.pathname = `/${name}`;
    return address.href;
  };

  beforeAll(async () => {
    await admin.connect();
    url = await anEmptyDatabase();
    await migrate(settingsOf(url));
    filled = await withClient(url, fillInstallation);
  });

  afterAll(async () => {
    for (const name of made) await admin.query(`drop database ${name} with (force)`);
    await admin.end();
    rmSync(folder, { recursive: true });
  });

  it('reports the schema, what is pending, and what is in the way', async () => {
    expect((await upgradeReport(settingsOf(await anEmptyDatabase()))).facts).toEqual(
      expect.arrayContaining(['the database is empty', `pending: ${MIGRATIONS.map(({ name }) => name).join(', ')}`]),
    );
    const before = await upgradeReport(settingsOf(url));
    expect(before.obstacles).toEqual([]);
    expect(before.facts).toEqual(
      expect.arrayContaining([`the schema is that of ${MIGRATIONS.at(-1)?.name ?? ''}`, 'nothing is pending']),
    );

    await withClient(url, async (client) => {
      await client.query(`insert into schema_migrations (name) values ('9999-from-the-future')`);
      await client.query(`create index left_over on passes (id)`);
      await client.query(`update pg_index set indisvalid = false where indexrelid = 'left_over'::regclass`);
      expect((await upgradeReport(settingsOf(url))).obstacles).toEqual([
        'the database was migrated by a newer build: this one does not know 9999-from-the-future',
        'the index left_over was not finished: drop it, and run the migration that makes it again',
      ]);
      await client.query('drop index left_over');
      await client.query(`delete from schema_migrations where name = '9999-from-the-future'`);
    });
  });

  it('reports a schema from before the first release, which no build upgrades', async () => {
    const old = await anEmptyDatabase();
    await migrate(settingsOf(old), [{ ...MIGRATIONS[0]!, name: '0001-identity' }]);
    expect((await upgradeReport(settingsOf(old))).obstacles).toEqual([
      expect.stringMatching(/before the first release \(0001-identity\).*DATABASE_URL/),
    ]);
  });

  it('continues where the installation was stopped, and starts waiting deployments', async () => {
    await work(url);
    const now = await statuses(url);
    for (const [id, before] of filled.deployments) expect(now.get(id)).toBe(before === 'queued' ? 'scheduled' : before);
    expect(await audit(url)).toEqual([]);
  });

  it('keeps all data and a clean ledger through the migrations of a next release', async () => {
    const next = await anEmptyDatabase();
    await copyRows(url, next);
    const applied = await migrate(settingsOf(next), [...MIGRATIONS, ...NEXT_RELEASE]);
    expect(applied).toEqual(NEXT_RELEASE.map(({ name }) => name));
    expect(await statuses(next)).toEqual(await statuses(url));
    expect(await audit(next)).toEqual([]);
  });

  it('restores the same data from a backup, and starts waiting deployments', async () => {
    const restored = await anEmptyDatabase();
    await copyRows(url, restored);
    expect(await statuses(restored)).toEqual(await statuses(url));
    expect(await audit(restored)).toEqual([]);
    await withClient(restored, async (client) => {
      await client.query(`update deployments set status = 'succeeded', ended_at = now() where status = 'running'`);
      await client.query(`insert into cluster_signals (organization_id, cluster_id, reason) values ($1, $2, 'ended')`, [
        filled.organizationId,
        filled.clusterId,
      ]);
    });
    await work(restored);
    expect(await audit(restored)).toEqual([]);
  });

  it('restores the same data by pg_dump and pg_restore, where this machine has both', async () => {
    if (!(await canDump(url))) return;
    const restored = await anEmptyDatabase();
    await dumpAndRestore(url, restored, join(folder, 'stowage.dump'));
    expect(await statuses(restored)).toEqual(await statuses(url));
    expect(await audit(restored)).toEqual([]);
    expect(await migrate(settingsOf(restored))).toEqual([]);
  });
});
