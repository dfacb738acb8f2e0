import { Injectable } from '@nestjs/common';

import { type Actor } from '#rbac';

import { PlanningErrors } from './planner.errors.js';
import { PlannerPool } from './planner-pool.js';
import { type PlannerTask } from './planner-task.js';

/** The tasks of one caller that run, or wait for a thread, at a time. */
const MAX_OF_ONE = 8;

/** The tasks of all callers that run, or wait for a thread, at a time. */
const MAX_OF_ALL = 64;

const RETRY_AFTER_SECONDS = 1;

/**
 * Runs tasks for requests in planner threads of this process; passes have threads of their own. Limits per caller and in all bound how long
 * a request waits.
 */
@Injectable()
export class PlannerClient {
  private readonly open = new Map<string, number>();
  private all = 0;

  constructor(private readonly planner: PlannerPool) {}

  /** @throws PLANNING.BUSY */
  async ask<Input, Output>(actor: Pick<Actor, 'id'>, task: PlannerTask<Input, Output>, input: Input): Promise<Output> {
    const own = this.open.get(actor.id) ?? 0;
    if (own >= MAX_OF_ONE || this.all >= MAX_OF_ALL) {
      throw PlanningErrors.BUSY.because(undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    this.open.set(actor.id, own + 1);
    this.all++;
    try {
      return await this.planner.ask(task, input);
    } finally {
      this.all--;
      const left = (this.open.get(actor.id) ?? 1) - 1;
      if (left === 0) this.open.delete(actor.id);
      else this.open.set(actor.id, left);
    }
  }
}
