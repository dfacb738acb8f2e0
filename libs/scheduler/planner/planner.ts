import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';

import type * as thread from './planner-thread.js';

/** A thread that nobody needed for so long ends. */
const IDLE_TIMEOUT_MS = 30_000;

/** What a planner thread can be asked. */
export type Question = keyof typeof thread;

/** Planner threads of this process. */
class PlannerThreads implements OnApplicationShutdown {
  private readonly pool: Piscina;

  constructor(maxThreads: number) {
    this.pool = new Piscina({ filename: threadFile(), minThreads: 0, maxThreads, idleTimeout: IDLE_TIMEOUT_MS });
  }

  /** The answer to a question, by `packing`. @param signal ends the search for it */
  async ask<Name extends Question>(
    name: Name,
    task: Parameters<(typeof thread)[Name]>[0],
    signal?: AbortSignal,
  ): Promise<ReturnType<(typeof thread)[Name]>> {
    const options = signal === undefined ? { name } : { name, signal };
    return this.pool.run(task, options) as Promise<ReturnType<(typeof thread)[Name]>>;
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

/** A thread loads compiled code only: when this file itself runs from its source (in tests), the thread runs from the build beside it. */
function threadFile(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.js')) return here.replace(/planner\.js$/, 'planner-thread.js');
  return here.replace(/libs[\\/]scheduler[\\/]pass[\\/]planner\.ts$/, 'dist/libs/scheduler/pass/planner-thread.js');
}
