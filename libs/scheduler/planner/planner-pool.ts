import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';

import { type PlannerTask } from './planner-task.js';

/** An idle thread ends after this time. */
const IDLE_TIMEOUT_MS = 30_000;

/** Planner threads of this process. */
class Threads implements OnApplicationShutdown {
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
 * Plans in threads: a plan may take a fifth of a second of computing, which would delay HTTP answers and the renewal of Bull's locks. There
 * are as many threads as turns at a time: what has its turn has a thread.
 */
@Injectable()
export class PlannerPool extends Threads {
  /** @param slots how many plan at a time */
  constructor(readonly slots: number) {
    super(slots);
  }
}

/** One more thread for work that is not urgent: it delays no pass. */
@Injectable()
export class BackgroundPlannerPool extends Threads {
  constructor() {
    super(1);
  }
}
