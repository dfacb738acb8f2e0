import { pathToFileURL } from 'node:url';

import { clockOf, type StopFlag, type TaskClock } from './task-clock.js';

/** A task as a thread gets it. */
export interface TaskCall {
  readonly filename: string;
  readonly name: string;
  readonly input: unknown;
  readonly budgetMs: number;
  readonly flag: StopFlag | undefined;
}

/** Runs a task in a planner thread, with a clock that ends it. */
export async function runTask({ filename, name, input, budgetMs, flag }: TaskCall): Promise<unknown> {
  const module = (await import(pathToFileURL(filename).href)) as Record<
    string,
    (input: unknown, clock: TaskClock) => unknown
  >;
  const task = module[name];
  if (task === undefined) throw new TypeError(`${filename} exports no ${name}`);
  return task(input, clockOf(budgetMs, flag));
}
