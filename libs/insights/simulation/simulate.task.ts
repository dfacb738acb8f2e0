import { answerOf, plan, type PlanAnswer, problemOf, type WholeProblem } from '#packing';
import type { TaskClock } from '#scheduler';

import { type JsonParts, listOf, partsOf } from './json-parts.js';

/** The plan takes so long, at most. */
const PLAN_MS = 1_000;

/** A problem that stands alone. */
export interface SimulationTask {
  readonly problem: Omit<WholeProblem, 'running' | 'queue'>;
  readonly running: JsonParts;
  readonly queue: JsonParts;
  /** See `answerOf`. */
  readonly mostBlockers: number;
}

/** Its plan, and how long planning took. */
export interface SimulationResult {
  readonly answer: Omit<PlanAnswer, 'waiting'>;
  readonly waiting: JsonParts;
  readonly elapsedMs: number;
}

/** Plans a whole problem, as the offline planner does. */
export function simulatePlan(
  { problem, running, queue, mostBlockers }: SimulationTask,
  clock: TaskClock,
): SimulationResult {
  const whole = { ...problem, running: listOf(running), queue: listOf(queue) } as WholeProblem;
  const read = problemOf(whole);
  const startMs = performance.now();
  const made = plan(read.snapshot, { shouldStop: clock.within(PLAN_MS) });
  const elapsedMs = performance.now() - startMs;
  const time = (timeMs: number): string => new Date(timeMs).toISOString();
  const { waiting, ...rest } = answerOf(read, made, time, mostBlockers, clock.shouldStop);
  return { answer: rest, waiting: partsOf(waiting), elapsedMs };
}
