import { Injectable } from '@nestjs/common';

import { type FieldError } from '#kernel';
import { type WholeProblem } from '#packing';
import { type Actor } from '#rbac';
import { plannerTask, PlannerClient } from '#scheduler';

import { WholeProblemErrors } from './whole-problems.errors.js';
import type { planProblem, ProblemResult } from './simulate.task.js';

const PLAN_PROBLEM = plannerTask<typeof planProblem>(new URL('./simulate.task.js', import.meta.url), 'planProblem');

/** A plan can leave ten thousand waiting with a hundred blockers each: nobody reads that, and writing it would keep everybody waiting. */
const MAX_BLOCKERS = 100_000;

const MAX_DUPLICATES = 20;

/** The plan of a problem. */
export interface WholePlan extends ProblemResult {
  /** Those that wait, and for whom the answer has no room. */
  readonly untold: number;
}

/** Plans problems that have nothing to do with any cluster. */
@Injectable()
export class WholeProblemsService {
  constructor(private readonly planner: PlannerClient) {}

  /** @throws PROBLEM.DUPLICATE_ID, PLANNING.BUSY */
  async plan(actor: Actor, problem: WholeProblem): Promise<WholePlan> {
    const errors = duplicateIds(problem);
    if (errors.length > 0) {
      throw WholeProblemErrors.DUPLICATE_ID.because(undefined, {}, errors.slice(0, MAX_DUPLICATES));
    }
    const { answer, elapsedMs } = await this.planner.ask(actor, PLAN_PROBLEM, {
      problem,
      mostBlockers: MAX_BLOCKERS,
    });
    return { answer, elapsedMs, untold: problem.queue.length - answer.place.length - answer.waiting.length };
  }
}

/** The ids that occur twice: among the waiting deployments, and among the preemptible ones. */
export function duplicateIds({ queue, running }: WholeProblem): FieldError[] {
  return [
    ...duplicatesIn(
      'queue',
      queue.map(({ id }) => id),
    ),
    ...duplicatesIn(
      'running',
      running.map(({ preemptible }) => preemptible?.id ?? null),
    ),
  ];
}

/** Ids that others of a list have before them. @param ids null: need not be told apart */
function duplicatesIn(list: 'queue' | 'running', ids: readonly (string | null)[]): FieldError[] {
  const first = new Map<string, number>();
  return ids.flatMap((id, index): FieldError[] => {
    if (id === null) return [];
    const before = first.get(id);
    if (before === undefined) first.set(id, index);
    if (before === undefined) return [];
    return [{ pointer: `#/${list}/${index}/id`, code: 'duplicate', message: `is the id of #/${list}/${before} too` }];
  });
}
