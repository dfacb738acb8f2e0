import { Test, type TestingModule } from '@nestjs/testing';

import { type PlannerTask } from '#scheduler';
import { PassService, Planner, SnapshotReader, Sweep } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { workerSettings } from './settings.js';
import { type SharedInstallation } from './shared-installation.js';

/** A planner after whose every answer something else happens, before the pass goes on. */
class PausingPlanner extends Planner {
  constructor(private readonly afterPlanning: () => Promise<void>) {
    super();
  }

  override async ask<Input, Output>(task: PlannerTask<Input, Output>, input: Input): Promise<Output> {
    const answer = await super.ask(task, input);
    await this.afterPlanning();
    return answer;
  }
}

/** What a worker that looks at so few candidates reads with. */
function narrow(limit: number): typeof SnapshotReader {
  return class extends SnapshotReader {
    protected override readonly mostCandidates = limit;
  };
}

/** A worker that does nothing of its own accord: a pass happens when a test says so, and at no other time. */
export class PassesByHand {
  private constructor(private readonly module: TestingModule) {}

  /**
   * @param afterPlanning happens in the middle of each pass: it has planned, and changed nothing yet
   * @param mostCandidates so many that may be given up are looked at
   */
  static async of(
    { database, environment }: Pick<SharedInstallation, 'database' | 'environment'>,
    afterPlanning: () => Promise<void> = () => Promise.resolve(),
    mostCandidates?: number,
  ): Promise<PassesByHand> {
    const settings = workerSettings(database.url, environment);
    // Compiled, and not started: neither the sweep nor the processor of nudges begins.
    const worker = Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] })
      .overrideProvider(Planner)
      .useFactory({ factory: () => new PausingPlanner(afterPlanning) });
    if (mostCandidates !== undefined) worker.overrideProvider(SnapshotReader).useClass(narrow(mostCandidates));
    return new PassesByHand(await worker.compile());
  }

  /** The reader of these passes. */
  reader(): SnapshotReader {
    return this.module.get(SnapshotReader, { strict: false });
  }

  async run(clusterId: string): Promise<void> {
    const outcome = await this.module.get(PassService, { strict: false }).run(clusterId);
    if (outcome.kind !== 'done') throw new Error(`a pass on ${clusterId} found it ${outcome.kind}`);
  }

  /** What the sweep does once an interval. */
  async sweep(): Promise<void> {
    await this.module.get(Sweep, { strict: false }).sweepOnce();
  }

  /** Passes until there is nothing more to do. */
  async runUntilSettled(clusterId: string): Promise<void> {
    await this.module.get(PassService, { strict: false }).runUntilSettled(clusterId);
  }

  async stop(): Promise<void> {
    await this.module.close();
  }
}
