import { answerOf, plan, type PlanAnswer, problemOf, type WholeProblem } from '#packing';

/** A problem that stands alone. */
export interface SimulationTask {
  readonly problem: WholeProblem;
  /** See `answerOf`. */
  readonly mostBlockers: number;
}

/** Its plan, and how long planning took. */
export interface SimulationResult {
  readonly answer: PlanAnswer;
  readonly elapsedMs: number;
}

/** Plans a whole problem, as the offline planner does. */
export function simulatePlan({ problem, mostBlockers }: SimulationTask): SimulationResult {
  const read = problemOf(problem);
  const startMs = performance.now();
  const made = plan(read.snapshot);
  const elapsedMs = performance.now() - startMs;
  return { answer: answerOf(read, made, (timeMs) => new Date(timeMs).toISOString(), mostBlockers), elapsedMs };
}
