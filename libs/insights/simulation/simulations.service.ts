import { Injectable } from '@nestjs/common';

import { type FieldError } from '#kernel';
import { mapInSteps, Turns } from '#http';
import { type PlanAnswer, type WholeProblem } from '#packing';
import { type Actor } from '#rbac';
import { plannerTask, PlannerClient } from '#scheduler';

import { SimulationErrors } from './simulations.errors.js';
import { type JsonParts, piecesOf } from './json-parts.js';
import type { simulatePlan } from './simulate.task.js';

const SIMULATE_PLAN = plannerTask<typeof simulatePlan>(new URL('./simulate.task.js', import.meta.url), 'simulatePlan');

/** The most blockers of an answer. A plan can leave ten thousand deployments waiting with a hundred blockers each, which take long to write. */
const MAX_BLOCKERS = 100_000;

/** The plan and what keeps each deployment take so long, at most: what is left then is left out. */
const SIMULATION_MS = 2_000;

const MAX_DUPLICATES = 20;

/** The plan of a problem. */
export interface SimulatedPlan {
  readonly answer: PlanAnswer;
  readonly elapsedMs: number;
  /** How many waiting deployments the answer leaves out. */
  readonly omittedCount: number;
}

/** Plans problems that have nothing to do with any cluster. */
@Injectable()
export class SimulationsService {
  constructor(
    private readonly planner: PlannerClient,
    private readonly turns: Turns,
  ) {}

  /** @throws SIMULATION.DUPLICATE_ID, PLANNING.BUSY */
  async plan(actor: Actor, { running, queue, ...problem }: WholeProblem): Promise<SimulatedPlan> {
    const errors = duplicateIds({ running, queue });
    if (errors.length > 0) {
      throw SimulationErrors.DUPLICATE_ID.because(undefined, {}, errors.slice(0, MAX_DUPLICATES));
    }
    const { accountId } = actor;
    const written = async (list: readonly unknown[]): Promise<JsonParts> =>
      this.turns.map(accountId, piecesOf(list), (piece) => JSON.stringify(piece));
    const result = await this.planner.ask(
      actor,
      SIMULATE_PLAN,
      {
        problem,
        running: await written(running),
        queue: await written(queue),
        mostBlockers: MAX_BLOCKERS,
      },
      SIMULATION_MS,
    );
    const parts = await this.turns.run(
      accountId,
      mapInSteps(result.waiting, (part) => JSON.parse(part) as PlanAnswer['waiting']),
    );
    const answer = { ...result.answer, waiting: parts.flat() };
    const omittedCount = queue.length - answer.place.length - answer.waiting.length;
    return { answer, elapsedMs: result.elapsedMs, omittedCount };
  }
}

/** The ids that occur twice: among the waiting deployments, and among the preemptible ones. */
export function duplicateIds({ queue, running }: Pick<WholeProblem, 'queue' | 'running'>): FieldError[] {
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
