import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';

import { Database, databaseOptions, migrate, MIGRATIONS, MikroORM, upgradeReport } from '#database';
import { LedgerAudit } from '#ledger';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { canDump, copyRows, dumpAndRestore } from '../support/copies.js';
import { withClient } from '../support/database.js';
import { fromTestRun } from '../support/from-test-run.js';
import { fillAsEarlyBuild, LAST_OF_EARLY_BUILD, type OldInstallation } from '../support/early-build.js';
import { workerSettings } from '../support/settings.js';
import { eventually } from '../support/wait.js';

const settingsOf = (url: string) => ({ url, poolMax: 2, applicationName: 'stowage-test' });

/** What an audit of everything finds, from the first entry on. */
async function audit(url: string): Promise<readonly unknown[] | undefined> {
  const database = new Database(await MikroORM.init(databaseOptions(settingsOf(url), [])));
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

describe('an installation of an early build', () => {
  const admin = new Client({ connectionString: fromTestRun('STOWAGE_TEST_DATABASE_URL') });
  const folder = mkdtempSync(join(tmpdir(), 'stowage-copies-'));
  const made: string[] = [];
  let url: string;
  let old: OldInstallation;

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
    const released = MIGRATIONS.slice(0, MIGRATIONS.findIndex(({ name }) => name === LAST_OF_EARLY_BUILD) + 1);
    await migrate(settingsOf(url), released);
    old = await withClient(url, fillAsEarlyBuild);
  });

  afterAll(async () => {
    for (const name of made) await admin.query(`drop database ${name} with (force)`);
    await admin.end();
    rmSync(folder, { recursive: true });
  });

  it('is looked at before: what is pending, who would be in the way, what is broken', async () => {
    const before = await upgradeReport(settingsOf(url));
    expect(before.obstacles).toEqual([]);
    expect(before.facts).toContain(`the schema is that of ${LAST_OF_EARLY_BUILD}`);
    expect(before.facts.find((fact) => fact.startsWith('pending: '))).toContain('0030-pass-totals');

    await withClient(url, async (client) => {
      await client.query(`insert into schema_migrations (name) values ('9999-from-the-future')`);
      await client.query(`create index left_over on passes (id)`);
      await client.query(`update pg_index set indisvalid = false where indexrelid = 'left_over'::regclass`);
      expect((await upgradeReport(settingsOf(url))).obstacles).toEqual([
        'the schema was made by a newer build: this one does not know 9999-from-the-future',
        'the index left_over was not finished: drop it, and run the migration that makes it again',
      ]);
      await client.query('drop index left_over');
      await client.query(`delete from schema_migrations where name = '9999-from-the-future'`);
    });
  });

  it('is upgraded with everything that it holds, and its ledger is right', async () => {
    const applied = await migrate(settingsOf(url));
    expect(applied).toEqual(MIGRATIONS.map(({ name }) => name).filter((name) => name > LAST_OF_EARLY_BUILD));
    expect(await statuses(url)).toEqual(old.deployments);
    expect(await audit(url)).toEqual([]);
  });

  it('goes on where it was: what waited starts', async () => {
    await work(url);
    const now = await statuses(url);
    for (const [id, before] of old.deployments) expect(now.get(id)).toBe(before === 'queued' ? 'scheduled' : before);
    expect(await audit(url)).toEqual([]);
  });

  it('is the same after a backup and its restoration, and works', async () => {
    const restored = await anEmptyDatabase();
    await copyRows(url, restored);
    expect(await statuses(restored)).toEqual(await statuses(url));
    expect(await audit(restored)).toEqual([]);
    await withClient(restored, async (client) => {
      await client.query(`update deployments set status = 'succeeded', ended_at = now() where status = 'running'`);
      await client.query(`insert into cluster_signals (organization_id, cluster_id, reason) values ($1, $2, 'ended')`, [
        old.organizationId,
        old.clusterId,
      ]);
    });
    await work(restored);
    expect(await audit(restored)).toEqual([]);
  });

  it('is the same after pg_dump and pg_restore, where they are on this machine and fit its server', async () => {
    if (!(await canDump(url))) return;
    const restored = await anEmptyDatabase();
    await dumpAndRestore(url, restored, join(folder, 'stowage.dump'));
    expect(await statuses(restored)).toEqual(await statuses(url));
    expect(await audit(restored)).toEqual([]);
    expect(await migrate(settingsOf(restored))).toEqual([]);
  });
});
