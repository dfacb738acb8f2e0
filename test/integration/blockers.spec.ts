import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';

import { BackgroundPlannerPool } from '#scheduler';
import { PassService } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { gpus, TestCluster } from '../support/clusters.js';
import { aTeam } from '../support/people.js';
import { workerSettings } from '../support/settings.js';
import { sharedInstallation } from '../support/shared-installation.js';
import { eventually } from '../support/wait.js';

interface Blockers {
  asOf: string | null;
  passId: string | null;
  current: boolean;
  waiting: number;
  shapes: number;
  items: { priority: number; waiting: number; blockers: { code: string }[] }[];
}

/** A background thread that answers nothing until it is let go. */
class HeldPlanner extends BackgroundPlannerPool {
  letGo: () => void = () => undefined;
  asked = 0;
  private readonly held = new Promise<void>((resolve) => (this.letGo = resolve));

  override ask: BackgroundPlannerPool['ask'] = async (task, input, limits) => {
    if (!task.filename.includes('/blockers/')) return super.ask(task, input, limits);
    this.asked++;
    await this.held;
    return super.ask(task, input, limits);
  };
}

const stowage = await sharedInstallation('manual');
const team = await aTeam(stowage.client);

describe('what keeps a queue', () => {
  let worker: TestingModule;
  let planner: HeldPlanner;

  beforeAll(async () => {
    const settings = workerSettings(stowage.database.url, stowage.environment);
    planner = new HeldPlanner();
    // Compiled, and not started: a pass happens when the test says so.
    worker = await Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] })
      .overrideProvider(BackgroundPlannerPool)
      .useValue(planner)
      .compile();
  });

  afterAll(async () => {
    planner.letGo();
    await worker.close();
  });

  const pass = async (cluster: TestCluster): Promise<void> => {
    expect(await worker.get(PassService, { strict: false }).run(cluster.id)).toMatchObject({ kind: 'done' });
  };

  const read = async (cluster: TestCluster): Promise<Blockers> =>
    (await team.viewer.get<Blockers>(`${cluster.path}/blockers`)).body;

  it('delays no pass, however long a report takes, and stores the newest report in the end', async () => {
    const cluster = await TestCluster.create(team, { gpu: 4 });
    expect(await read(cluster)).toMatchObject({ asOf: null, passId: null, current: false, items: [] });
    await cluster.submit({ resources: gpus(3) });
    await cluster.submit({ resources: gpus(2) });
    await pass(cluster);
    await eventually(
      () => Promise.resolve(planner.asked),
      (asked) => asked === 1,
    );
    // The first report is stuck now. What comes is planned, placed and recorded all the same.
    const small = await cluster.submit({ resources: gpus(1) });
    await pass(cluster);
    expect((await cluster.deployment(small)).status).toBe('scheduled');
    await cluster.submit({ resources: gpus(5 - 1), priority: 60 });
    await pass(cluster);
    const passes = await cluster.passes();
    expect(passes).toHaveLength(3);
    expect(await read(cluster)).toMatchObject({ asOf: null, items: [] });
    planner.letGo();
    const told = await eventually(
      () => read(cluster),
      ({ passId }) => passId === passes.at(-1)?.id,
    );
    expect(told).toMatchObject({ current: true, waiting: 2, shapes: 2 });
    expect(told.items.map(({ priority, waiting, blockers }) => [priority, waiting, blockers[0]?.code])).toEqual([
      [60, 1, 'NOT_ENOUGH'],
      [50, 1, 'NOT_ENOUGH'],
    ]);
    // Of the three passes two were surveyed: the one that was stuck, and the last one.
    expect(planner.asked).toBe(2);
  });

  it('marks a report as not current when something has happened since its pass', async () => {
    const cluster = await TestCluster.create(team, { gpu: 1 });
    await cluster.submit({ resources: gpus(1) });
    await cluster.submit({ resources: gpus(1) });
    await pass(cluster);
    await eventually(
      () => read(cluster),
      ({ current }) => current,
    );
    await cluster.submit({ resources: gpus(1) });
    expect(await read(cluster)).toMatchObject({ current: false, waiting: 1 });
  });
});
