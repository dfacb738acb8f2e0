import { setTimeout as sleep } from 'node:timers/promises';

import { Test, type TestingModule } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BackgroundTasks } from '#background';
import { Nudges } from '#queue';
import { PassService } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
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
    const nudges = worker.get(Nudges, { strict: false });
    const passes = worker.get(PassService, { strict: false });
    const events: string[] = [];
    const { runUntilSettled } = passes;
    passes.runUntilSettled = (clusterId) => {
      events.push('pass');
      return runUntilSettled.call(passes, clusterId);
    };
    // The sweep does not run: the job alone leads to a pass.
    const bootstrap = async (): Promise<void> => {
      await eventually(
        () => nudges.depths(),
        (depths) => depths?.['active'] === 1,
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
