import { Injectable } from '@nestjs/common';

import { FairTurns } from '#background';
import { currentRequest } from '#http';
import { type Actor } from '#rbac';

import { PlanningErrors } from './planner.errors.js';
import { PlannerPool } from './planner-pool.js';
import { type PlannerTask } from './planner-task.js';
import { stop, stopFlag } from './task-clock.js';
import { TurnMetrics } from './turn-metrics.js';

/** The tasks of one account that run at a time, where there are enough cores, and those that wait for a thread. */
const RUNNING_OF_ACCOUNT = 2;
const WAITING_OF_ACCOUNT = 8;

/** The tasks that wait in all. An account without one may add one beyond. */
const WAITING_OF_ALL = 256;

const RETRY_AFTER_SECONDS = 1;

/** The asker of a task, as far as its turn depends on it. */
export type Asker = Pick<Actor, 'accountId' | 'organizationId'>;

/**
 * Runs tasks for requests in planner threads of this process; passes have threads of their own. Accounts take turns, and each task has its time:
 * how long a request waits depends on how many accounts ask, not on how much each asks. A task ends when its request closes.
 */
@Injectable()
export class PlannerClient {
  private readonly turns: FairTurns;
  private readonly metrics: TurnMetrics;

  constructor(private readonly planner: PlannerPool) {
    this.turns = new FairTurns({
      slots: planner.slots,
      runningOfAccount: Math.min(RUNNING_OF_ACCOUNT, planner.slotsOfAccount),
      waitingOfAccount: WAITING_OF_ACCOUNT,
      waitingOfAll: WAITING_OF_ALL,
    });
    this.turns.open();
    this.metrics = TurnMetrics.of('request', this.turns);
  }

  /**
   * @param budgetMs the task is told to end after so long in its thread
   * @param closed gives the task up: by default, when the connection of the current request closes
   * @throws PLANNING.BUSY
   * @throws AbortError when it was given up
   */
  async ask<Input, Output>(
    { accountId, organizationId }: Asker,
    task: PlannerTask<Input, Output>,
    input: Input,
    budgetMs: number,
    closed: AbortSignal | undefined = currentRequest()?.whenClosed(),
  ): Promise<Output> {
    closed?.throwIfAborted();
    const turn = this.turns.enter({ accountId, organizationId: organizationId ?? '' });
    if (turn === null) throw PlanningErrors.BUSY.because(undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    const enteredMs = performance.now();
    const flag = stopFlag();
    // A running task is never aborted, which would cost its thread: it keeps its slot until it has seen the flag.
    let leave = (): void => turn.end();
    const close = (): void => leave();
    closed?.addEventListener('abort', close);
    try {
      await turn.admitted;
      closed?.throwIfAborted();
      this.metrics.waited(performance.now() - enteredMs);
      leave = () => stop(flag);
      const answer = await this.planner.ask(task, input, { budgetMs, flag });
      closed?.throwIfAborted();
      return answer;
    } finally {
      closed?.removeEventListener('abort', close);
      turn.end();
    }
  }
}
