import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pool } from 'pg';

import { createEmptyDatabase, createTestDatabase, type EmptyDatabase } from '../support/database.js';
import { freePort } from '../support/free-port.js';
import { testEnvironment } from '../support/settings.js';
import { ServedProcess } from '../support/served-process.js';
import { eventually } from '../support/wait.js';
import { LoadBalancer } from './load-balancer.js';

/** A built checkout of an older revision, whose processes run first: see scripts/test-rolling.mjs. */
const OLD_BUILD = process.env['STOWAGE_OLD_BUILD'];

/** How much each demo submits: demos follow each other until all processes are restarted. */
const DEPLOYMENTS = 3_000;

/** Demos, one after the other, until `stop`. Each one checks the answers that it got. */
class Demos {
  private isEnough = false;
  private readonly running: Promise<void>;
  /** The reports of demos that found a fault. */
  readonly complaints: string[] = [];

  constructor(private readonly url: string) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isEnough = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.isEnough) {
      const args = ['--url', this.url, '--limit', String(DEPLOYMENTS), '--runtime', '1', '--capacity', '0.05'];
      const demo = spawn(process.execPath, ['dist/apps/demo/main.js', ...args]);
      let said = '';
      for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const [code] = (await once(demo, 'exit')) as unknown[];
      if (code !== 0) this.complaints.push(said);
    }
  }
}

describe(`a rolling ${OLD_BUILD === undefined ? 'restart' : 'upgrade'} of two APIs and two workers`, () => {
  let database: EmptyDatabase;
  let pool: Pool;
  let apis: ServedProcess[];
  let workers: ServedProcess[];
  let balancer: LoadBalancer;
  let demos: Demos | undefined;

  beforeAll(async () => {
    database = await (OLD_BUILD === undefined ? createTestDatabase() : createEmptyDatabase());
    if (OLD_BUILD !== undefined) await migrateBy(OLD_BUILD);
    pool = new Pool({ connectionString: database.url, max: 2 });
    const environment = testEnvironment(database.url, { STOWAGE_TRUST_PROXY: '1', STOWAGE_STOP_DELAY_SECONDS: '1' });
    const make = async (program: 'api' | 'worker'): Promise<ServedProcess> =>
      new ServedProcess(program, environment, await freePort(), OLD_BUILD);
    apis = [await make('api'), await make('api')];
    workers = [await make('worker'), await make('worker')];
    for (const started of [...apis, ...workers]) await started.start();
    balancer = await LoadBalancer.start(apis.map(({ port }) => port));
  });

  const migrateBy = async (cwd: string): Promise<string> => {
    const env = { ...process.env, DATABASE_URL: database.url };
    return (await promisify(execFile)(process.execPath, ['dist/libs/database/migrate.js'], { cwd, env })).stdout;
  };

  afterAll(async () => {
    await demos?.stop();
    await balancer.stop();
    for (const started of [...apis, ...workers]) await started.stop();
    await pool.end();
    await database.drop();
  });

  it('fails no request of the demo, and neither loses nor doubles a placement', async () => {
    demos = new Demos(balancer.url);
    const open = async (): Promise<number> =>
      Number(
        (await pool.query<{ open: string }>('select count(*) as open from deployments where ended_at is null')).rows[0]
          ?.open,
      );
    await eventually(open, (count) => count > 0, 60_000);
    // The running processes are older than the schema that they work on from here on.
    if (OLD_BUILD !== undefined) process.stderr.write(await migrateBy('.'));
    for (const one of [...apis, ...workers]) one.become();
    for (const [index, api] of apis.entries()) {
      expect(await api.stop()).toBe(0);
      expect(await workers[index]?.stop()).toBe(0);
      await workers[index]?.start();
      await api.start();
      await balancer.hasSeen(api.port);
    }
    await demos.stop();
    expect({ complaints: demos.complaints, failures: balancer.failures }).toEqual({ complaints: [], failures: [] });
    expect(balancer.answered).toBeGreaterThan(100);
    const wrong = await pool.query(
      `select deployment_id, kind, count(*) from ledger_entries group by 1, 2, attempt having count(*) > 1`,
    );
    expect(wrong.rows).toEqual([]);
    const held = await pool.query(
      `select 1 from clusters where allocated_cpu_millis + allocated_memory_mib + allocated_gpu_millis > 0
       union all select 1 from deployments where ended_at is null or released_at is null`,
    );
    expect(held.rowCount).toBe(0);
  }, 240_000);
});
