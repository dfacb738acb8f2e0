import { Test, type TestingModule } from '@nestjs/testing';

import { PassService, Sweep } from '#scheduler/processor';

import { WorkerModule } from '../../apps/worker/worker.module.js';
import { workerSettings } from './settings.js';
import { type Stowage } from './stowage.js';

/** A worker that does nothing of its own accord: a pass happens when a test says so, and at no other time. */
export class PassesByHand {
  private constructor(private readonly module: TestingModule) {}

  static async of({ database, environment }: Stowage): Promise<PassesByHand> {
    const settings = workerSettings(database.url, environment);
    // Compiled, and not started: neither the sweep nor the processor of nudges begins.
    return new PassesByHand(await Test.createTestingModule({ imports: [WorkerModule.forRoot(settings)] }).compile());
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
