import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { newId } from '#kernel';

import { TestCluster } from '../../support/clusters.js';
import { withClient } from '../../support/database.js';
import { aTeam } from '../../support/people.js';
import { Stowage } from '../../support/stowage.js';

const PROGRAM = resolve('dist', 'apps', 'admin', 'main.js');

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('stowage-admin ledger', () => {
  let stowage: Stowage;
  let cluster: TestCluster;
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stowage-ledger-'));
    // Without a worker, the command alone audits.
    stowage = await Stowage.start({ workers: 0 });
    cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 4 });
  });

  afterAll(async () => {
    await stowage.stop();
    await rm(directory, { recursive: true });
  });

  const run = (args: readonly string[], url: string | null = stowage.database.url): Promise<Outcome> =>
    new Promise((done) => {
      const env = {
        PATH: process.env['PATH'],
        STOWAGE_DATA_DIR: directory,
        ...(url === null ? {} : { DATABASE_URL: url }),
      };
      execFile(process.execPath, [PROGRAM, 'ledger', ...args], { env }, (error, stdout, stderr) => {
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });

  it('audits and repairs a ledger, and reports violations by its exit code', async () => {
    const clean = await run(['audit']);
    expect(clean).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(clean.stdout)).toMatchObject({ isClean: true, findings: [] });

    await withClient(stowage.database.url, async (client) => {
      await client.query('update clusters set allocated_cpu_millis = 1000 where id = $1', [cluster.id]);
    });
    const wrong = await run(['audit']);
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ isClean: false });
    expect(wrong.stdout).toContain('allocated-is-open');
    expect((await cluster.read()).state).toBe('cordoned');

    const repaired = await run(['repair', cluster.id]);
    expect(repaired.code).toBe(0);
    expect(JSON.parse(repaired.stdout)).toMatchObject({ isClean: true, corrections: 0 });
    expect(await run(['audit'])).toMatchObject({ code: 0 });
  });

  it('refuses an unknown cluster and an incomplete command line in a sentence', async () => {
    const unknown = newId();
    expect(await run(['repair', unknown])).toEqual({
      code: 1,
      stdout: '',
      stderr: `There is no cluster ${unknown}.\n`,
    });
    expect(await run(['repair', 'pool'])).toMatchObject({ code: 1, stderr: 'There is no cluster pool.\n' });
    for (const args of [[], ['repair'], ['repair', unknown, 'more'], ['adit']]) {
      expect(await run(args)).toMatchObject({ code: 2, stdout: '' });
    }
  });

  it('defaults to the database of npm start', async () => {
    const { code, stderr } = await run(['audit'], null);
    expect(code).toBe(1);
    expect(stderr).toBe(`No database is running in ${directory}: start Stowage (npm start), or set DATABASE_URL.\n`);
  });
});
