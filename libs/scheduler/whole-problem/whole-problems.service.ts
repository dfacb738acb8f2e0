import { Injectable } from '@nestjs/common';

import { type WholeProblem } from '#packing';
import { type Actor } from '#rbac';

import { Questions } from '../explanation/questions.js';
import { type ProblemResult } from '../pass/planner-thread.js';
import { WholeProblemErrors } from './whole-problems.errors.js';

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
  constructor(private readonly questions: Questions) {}

  /** @throws PROBLEM.DUPLICATE_ID, PLANNING.BUSY */
  async plan(actor: Actor, problem: WholeProblem): Promise<WholePlan> {
    refuseDuplicates(problem.queue.map(({ id }) => id));
    const { answer, elapsedMs } = await this.questions.ask(actor, 'planProblem', {
      problem,
      mostBlockers: MAX_BLOCKERS,
    });
    return { answer, elapsedMs, untold: problem.queue.length - answer.place.length - answer.waiting.length };
  }
}

function refuseDuplicates(ids: readonly string[]): void {
  const first = new Map<string, number>();
  const doubles: number[] = [];
  for (const [index, id] of ids.entries()) {
    if (first.has(id)) doubles.push(index);
    else first.set(id, index);
  }
  if (doubles.length === 0) return;
  throw WholeProblemErrors.DUPLICATE_ID.because(
    undefined,
    {},
    doubles.slice(0, MAX_DUPLICATES).map((index) => ({
      pointer: `#/queue/${index}/id`,
      code: 'duplicate',
      message: `is the id of #/queue/${first.get(ids[index] as string) ?? 0} too`,
    })),
  );
}
