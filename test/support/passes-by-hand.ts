import { Test, type TestingModule } from '@nestjs/testing';

import { PassService, Planner, Sweep } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { workerSettings } from './settings.js';
import { type Stowage } from './stowage.js';

/** A planner after whose every answer something else happens, before the pass goes on. */
class PausingPlanner extends Planner {
  constructor(private readonly afterPlanning: () => Promise<void>) {
    super();
  }

  override async ask<Name extends Parameters<Planner['ask']>[0]>(
    ...question: Parameters<typeof Planner.prototype.ask<Name>>
  ): Promise<Awaited<ReturnType<typeof Planner.prototype.ask<Name>>>> {
    const answer = await super.ask<Name>(...question);
    await this.afterPlanning();
    return answer as Awaited<ReturnType<typeof Planner.prototype.ask<Name>>>;
  }
}

/** A worker that does nothing of its own accord: a pass happens when a test says so, and at no other time. */
export class PassesByHand {
  private constructor(private readonly module: TestingModule) {}

  /** @param afterPlanning happens in the middle of each pass: it has planned, and changed nothing yet */
  static async of(
    { database, environment }: Stowage,
    afterPlanning: () => Promise<void> = () => Promise.resolve(),
  ): Promise<PassesByHand> {
    const settings = workerSettings(database.url, environment);
    // Compiled, and not started: neither the sweep nor the processor of nudges begins.
    const module = await Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] })
      .overrideProvider(Planner)
      .useFactory({ factory: () => new PausingPlanner(afterPlanning) })
      .compile();
    return new PassesByHand(module);
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
