import { availableParallelism } from 'node:os';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';

import { type PlannerTask } from './planner-task.js';

/** An idle thread ends after this time. */
const IDLE_TIMEOUT_MS = 30_000;

/** Planner threads of this process. */
class PlannerThreads implements OnApplicationShutdown {
  private readonly pool: Piscina;

  constructor(maxThreads: number) {
    this.pool = new Piscina({ minThreads: 0, maxThreads, idleTimeout: IDLE_TIMEOUT_MS });
  }

  /** Runs a task in a thread. @param signal ends it */
  async ask<Input, Output>(
    { filename, name }: PlannerTask<Input, Output>,
    input: Input,
    signal?: AbortSignal,
  ): Promise<Output> {
    const options = signal === undefined ? { filename, name } : { filename, name, signal };
    return this.pool.run(input, options) as Promise<Output>;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.destroy();
  }
}

/**
 * Plans in threads of their own: a plan may cost a fifth of a second of computing, and neither HTTP answers nor Bull's locks can wait so
 * long for an event loop.
 */
@Injectable()
export class Planner extends PlannerThreads {
  constructor() {
    super(Math.max(1, availableParallelism() - 1));
  }
}

/** One more thread, for what may take its time: nothing that is asked here keeps a pass waiting. */
@Injectable()
export class BackgroundPlanner extends PlannerThreads {
  constructor() {
    super(1);
  }
}
