import { Test, type TestingModule } from '@nestjs/testing';

import { type PlannerTask } from '#scheduler';
import { PassAdmission, PassService, PlannerPool, SnapshotReader, Sweep } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { workerSettings } from './settings.js';
import { type SharedInstallation } from './shared-installation.js';

/** A planner that calls `afterPlanning` after each plan, before the pass goes on. */
class PausingPlanner extends PlannerPool {
  constructor(private readonly afterPlanning: () => Promise<void>) {
    super(2);
  }

  override async ask<Input, Output>(task: PlannerTask<Input, Output>, input: Input): Promise<Output> {
    const answer = await super.ask(task, input);
    await this.afterPlanning();
    return answer;
  }
}

/** The reader of a worker that reads at most `limit` candidates for preemption. */
function narrow(limit: number): typeof SnapshotReader {
  return class extends SnapshotReader {
    protected override readonly mostCandidates = limit;
  };
}

/** A worker without triggers: a pass runs when a test calls `run`, and at no other time. */
export class ManualPasses {
  private constructor(private readonly module: TestingModule) {}

  /**
   * @param afterPlanning runs in the middle of each pass, between its plan and its first change
   * @param mostCandidates the most candidates for preemption that a pass reads
   */
  static async of(
    { database, environment }: Pick<SharedInstallation, 'database' | 'environment'>,
    afterPlanning: () => Promise<void> = () => Promise.resolve(),
    mostCandidates?: number,
  ): Promise<ManualPasses> {
    const settings = workerSettings(database.url, environment);
    // Compiled, and not started: neither the sweep nor the processor of nudges begins.
    const worker = Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] })
      .overrideProvider(PlannerPool)
      .useFactory({ factory: () => new PausingPlanner(afterPlanning) });
    if (mostCandidates !== undefined) worker.overrideProvider(SnapshotReader).useClass(narrow(mostCandidates));
    return new ManualPasses(await worker.compile());
  }

  /** The reader of these passes. */
  reader(): SnapshotReader {
    return this.module.get(SnapshotReader, { strict: false });
  }

  async run(clusterId: string): Promise<void> {
    const outcome = await this.module.get(PassService, { strict: false }).run(clusterId);
    if (outcome.kind !== 'done') throw new Error(`a pass on ${clusterId} ended as ${outcome.kind}`);
  }

  /** Sweeps once, as a worker does at each interval, and waits for the passes that follow. */
  async sweep(): Promise<void> {
    const admission = this.module.get(PassAdmission, { strict: false });
    admission.open();
    await this.module.get(Sweep, { strict: false }).sweepOnce();
    await admission.idle();
  }

  /** Runs passes until one has nothing more to do. */
  async runUntilSettled(clusterId: string): Promise<void> {
    await this.module.get(PassService, { strict: false }).runUntilSettled(clusterId);
  }

  async stop(): Promise<void> {
    await this.module.close();
  }
}
