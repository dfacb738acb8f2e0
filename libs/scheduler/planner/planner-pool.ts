import { availableParallelism } from 'node:os';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';

import type { runTask, TaskCall } from './run-task.js';
import { type PlannerTask, plannerTask } from './planner-task.js';
import { type StopFlag } from './task-clock.js';

/** An idle thread ends after this time. Another takes a tenth of a second to start and to load the planner, by which the next plan would be late. */
const IDLE_TIMEOUT_MS = 600_000;

const RUN_TASK = plannerTask<typeof runTask>(new URL('./run-task.js', import.meta.url), 'runTask');

/** How a task is limited. */
export interface TaskLimits {
  /** The task is told to end after so long; never when left out. */
  readonly budgetMs?: number;
  /** The task is told to end when this is set. */
  readonly flag?: StopFlag;
  /** Ends the task at once, and its thread with it. */
  readonly signal?: AbortSignal;
}

/** Planner threads of this process. */
class Threads implements OnApplicationShutdown {
  private readonly pool: Piscina;

  constructor(maxThreads: number) {
    const { filename, name } = RUN_TASK;
    this.pool = new Piscina({ filename, name, minThreads: 0, maxThreads, idleTimeout: IDLE_TIMEOUT_MS });
  }

  /** Runs a task in a thread. */
  async ask<Input, Output>(
    { filename, name }: PlannerTask<Input, Output>,
    input: Input,
    { budgetMs = Infinity, flag, signal }: TaskLimits = {},
  ): Promise<Output> {
    const call: TaskCall = { filename, name, input, budgetMs, flag };
    return this.pool.run(call, signal === undefined ? {} : { signal }) as Promise<Output>;
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
  /**
   * The most that plan at a time for one account: it leaves a slot and a core to others, of which a thread that plans takes all it can get.
   */
  readonly slotsOfAccount: number;

  /** @param slots how many plan at a time */
  constructor(
    readonly slots: number,
    cores = availableParallelism(),
  ) {
    super(slots);
    this.slotsOfAccount = Math.max(1, Math.min(slots, cores) - 1);
  }
}

/** One more thread for work that is not urgent: it delays no pass. */
@Injectable()
export class BackgroundPlannerPool extends Threads {
  constructor() {
    super(1);
  }
}
