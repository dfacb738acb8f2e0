import { answerOf, type Plan, type PlanAnswer, type Problem } from '#packing';

/** What the command prints. */
export interface Answer extends PlanAnswer {
  readonly elapsedMs: number;
}

/** The plan in the terms of the problem: which deployments start, and what keeps the others. */
export function toAnswer(problem: Problem, plan: Plan, elapsedMs: number): Answer {
  return { ...answerOf(problem, plan, (timeMs) => new Date(timeMs).toISOString()), elapsedMs };
}
