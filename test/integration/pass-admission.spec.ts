import { setTimeout as sleep } from 'node:timers/promises';

import { type INestApplicationContext } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BackgroundTasks } from '#background';
import { SESSION_LIMITS } from '#database';
import { PassAdmission, PassService } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { BusyCluster } from '../support/busy-cluster.js';
import { TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { Random } from '../support/random.js';
import { workerSettings } from '../support/settings.js';
import { Stowage } from '../support/stowage.js';
import { eventually } from '../support/wait.js';

describe('a worker with jobs in its queue', () => {
  let stowage: Stowage;
  let worker: TestingModule;

  beforeAll(async () => {
    stowage = await Stowage.start({ workers: 0 });
    const settings = workerSettings(stowage.database.url, stowage.environment);
    worker = await Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] }).compile();
  });
  afterAll(async () => {
    await worker.close();
    await stowage.proveAndStop();
  });

  it('takes a job during its start, and runs no pass before its start has ended', async () => {
    const cluster = await TestCluster.create(await aTeam(stowage.client), { cpu: 1 });
    const id = await cluster.submit();
    const passes = worker.get(PassService, { strict: false });
    const events: string[] = [];
    const { runUntilSettled } = passes;
    passes.runUntilSettled = (clusterId, turn) => {
      events.push('pass');
      return runUntilSettled.call(passes, clusterId, turn);
    };
    // The sweep does not run: the job alone leads to a pass.
    const bootstrap = async (): Promise<void> => {
      const admission = worker.get(PassAdmission, { strict: false });
      await eventually(
        () => Promise.resolve(admission.exempt()),
        (waiting) => waiting.has(cluster.id),
      );
      await sleep(200);
      events.push('started');
    };
    Object.assign(worker.get(BackgroundTasks, { strict: false }), { onApplicationBootstrap: bootstrap });
    await worker.init();
    await eventually(
      () => cluster.statusOf(id),
      (status) => status === 'scheduled',
    );
    expect(events.slice(0, 2)).toEqual(['started', 'pass']);
  });
});

describe('a worker with more expensive plans than it has threads', () => {
  const { idleInTransactionTimeoutMs } = SESSION_LIMITS;
  const IDLE_MS = 1_500;
  let stowage: Stowage;
  let worker: INestApplicationContext;

  beforeAll(async () => {
    Object.assign(SESSION_LIMITS, { idleInTransactionTimeoutMs: IDLE_MS });
    stowage = await Stowage.start({ workers: 0 });
    worker = await stowage.addWorker();
  });
  afterAll(async () => {
    Object.assign(SESSION_LIMITS, { idleInTransactionTimeoutMs });
    await stowage.proveAndStop();
  });

  it('loses no pass to the limit of idle transactions, and reports nothing as late that waits for its turn', async () => {
    const passes = worker.get(PassService, { strict: false });
    const { run } = passes;
    const failures: unknown[] = [];
    passes.run = (clusterId) =>
      run.call(passes, clusterId).catch((error: unknown) => {
        failures.push(error);
        throw error;
      });
    const team = await aTeam(stowage.client);
    const random = Random.of('expensive plans');
    const busy = await Promise.all(Array.from({ length: 8 }, () => BusyCluster.of(team, random, 1_500)));
    await sleep(12_000);
    busy.forEach((one) => one.stop());
    expect(failures).toEqual([]);
    const { body } = await team.admin.get<{ items: { action: string }[] }>(`${team.path}/audit?limit=100`);
    expect(body.items.filter(({ action }) => action === 'ledger_finding')).toEqual([]);
  });
});
