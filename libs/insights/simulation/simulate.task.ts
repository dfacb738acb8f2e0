import { answerOf, plan, type PlanAnswer, problemOf, type WholeProblem } from '#packing';

import { type JsonParts, listOf, partsOf } from './json-parts.js';

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
export function simulatePlan({ problem, running, queue, mostBlockers }: SimulationTask): SimulationResult {
  const whole = { ...problem, running: listOf(running), queue: listOf(queue) } as WholeProblem;
  const read = problemOf(whole);
  const startMs = performance.now();
  const made = plan(read.snapshot);
  const elapsedMs = performance.now() - startMs;
  const answer = answerOf(read, made, (timeMs) => new Date(timeMs).toISOString(), mostBlockers);
  const { waiting, ...rest } = answer;
  return { answer: rest, waiting: partsOf(waiting), elapsedMs };
}
