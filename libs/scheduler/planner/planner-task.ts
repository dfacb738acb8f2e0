import { fileURLToPath } from 'node:url';

import { type TaskClock } from './task-clock.js';

/** A function that planner threads run, and a clock that ends it. Its module is pure: it imports `packing`, Node and other such modules only. */
export interface PlannerTask<Input, Output> {
  readonly filename: string;
  readonly name: string;
  /** Carries the types alone. */
  readonly run?: (input: Input, clock: TaskClock) => Output;
}

/**
 * Declares a task. A lib declares its own, so that the pool knows none of them.
 *
 * @param module of the function; threads load compiled code only, so that sources (in tests) refer to the build beside them
 * @param name of the function, as the module exports it
 */
export function plannerTask<Run extends (input: never, clock: TaskClock) => unknown>(
  module: URL,
  name: string,
): PlannerTask<Parameters<Run>[0], ReturnType<Run>> {
  const path = fileURLToPath(module);
  const filename = import.meta.url.endsWith('.ts') ? path.replace(/^(.*)([\\/])libs([\\/])/, '$1$2dist$2libs$3') : path;
  return { filename, name };
}
