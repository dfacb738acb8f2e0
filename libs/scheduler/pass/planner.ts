import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Piscina } from 'piscina';

import { type Plan, type Snapshot } from '#packing';

/** A thread that nobody needed for so long ends. */
const IDLE_TIMEOUT_MS = 30_000;

/**
 * Plans in threads of their own: a plan may cost a fifth of a second of computing, and neither HTTP answers nor Bull's locks can wait so
 * long for an event loop.
 */
@Injectable()
export class Planner implements OnApplicationShutdown {
  private readonly pool = new Piscina<Snapshot, Plan>({
    filename: threadFile(),
    minThreads: 0,
    maxThreads: Math.max(1, availableParallelism() - 1),
    idleTimeout: IDLE_TIMEOUT_MS,
  });

  /** The plan for a snapshot, by `packing`. */
  async plan(snapshot: Snapshot): Promise<Plan> {
    return this.pool.run(snapshot);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.destroy();
  }
}

/** A thread loads compiled code only: when this file itself runs from its source (in tests), the thread runs from the build beside it. */
function threadFile(): string {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.js')) return here.replace(/planner\.js$/, 'planner-thread.js');
  return here.replace(/libs[\\/]scheduler[\\/]pass[\\/]planner\.ts$/, 'dist/libs/scheduler/pass/planner-thread.js');
}
