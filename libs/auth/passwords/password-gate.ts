import { AuthErrors } from '../auth.errors.js';
import { FairQueue, type QueuePlace } from './fair-queue.js';
import { countRefused, countStarted, type Standing } from './gate-metrics.js';

/** The request for which a password is hashed: decides its turn. */
export interface Applicant extends QueuePlace {
  /** `known`: the account signed in from this address before, or a second proof came with the request. */
  readonly standing: Standing;
}

export interface GateLimits {
  /** How many tasks run at once. */
  readonly concurrency: number;
  /** How many of each standing may wait. */
  readonly maxWaiting: number;
  /** The `Retry-After` of a refusal. */
  readonly retryAfterSeconds: number;
  /** How long the refusal of a stranger is held back, so that a connection that repeats at once cannot keep the process busy. */
  readonly refusalPauseMs: number;
}

/** How many known applicants start before one stranger does, while both wait: three starts of four are reserved. */
export const RESERVED_STARTS = 3;

interface Waiter {
  readonly start: () => void;
  readonly refuse: () => void;
}

/**
 * Runs a bounded number of expensive tasks at once. Known applicants have a queue of their own, which strangers can neither fill nor delay by
 * more than one start in four; in both queues networks take turns, then accounts.
 */
export class PasswordGate {
  private running = 0;
  private knownInRow = 0;
  private readonly queues = { known: new FairQueue<Waiter>(), stranger: new FairQueue<Waiter>() };

  constructor(
    private readonly limits: GateLimits,
    private readonly random: () => number = Math.random,
  ) {}

  /** How many wait at this moment. */
  waiting(standing: Standing): number {
    return this.queues[standing].size;
  }

  /** @throws DomainError AUTH.BUSY when too many of the same standing wait, and this one was chosen to leave */
  async run<T>(applicant: Applicant, task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.concurrency) this.running++;
    else await this.turnOf(applicant);
    countStarted(applicant.standing);
    try {
      return await task();
    } finally {
      this.startNext();
    }
  }

  private turnOf({ standing, network, account }: Applicant): Promise<void> {
    const queue = this.queues[standing];
    const { maxWaiting, retryAfterSeconds, refusalPauseMs } = this.limits;
    return new Promise<void>((start, reject) => {
      const refuse = (): void => {
        countRefused(standing);
        const busy = AuthErrors.BUSY.because(undefined, { retryAfterSeconds });
        setTimeout(reject, standing === 'known' ? 0 : refusalPauseMs, busy);
      };
      queue.push({ network, account }, { start, refuse });
      if (queue.size > maxWaiting) queue.drop(this.random)?.refuse();
    });
  }

  /** Hands the place of a task that ended to the next applicant. */
  private startNext(): void {
    const { known, stranger } = this.queues;
    const isStrangersTurn = known.size === 0 || this.knownInRow >= RESERVED_STARTS;
    const next = isStrangersTurn ? (stranger.shift() ?? known.shift()) : known.shift();
    this.knownInRow = isStrangersTurn ? 0 : this.knownInRow + 1;
    if (next === undefined) this.running--;
    else next.start();
  }
}
