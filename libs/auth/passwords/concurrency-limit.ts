import { AuthErrors } from '../auth.errors.js';

export interface ConcurrencyLimits {
  readonly concurrency: number;
  readonly maxWaiting: number;
  /** The `Retry-After` of a refusal. */
  readonly retryAfterSeconds: number;
}

/** Runs a bounded number of expensive tasks at once, in the order of arrival, and refuses those that would wait too long. */
export class ConcurrencyLimit {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: ConcurrencyLimits) {}

  /** @throws DomainError AUTH.BUSY when too many wait already */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running < this.limits.concurrency) this.running++;
    else {
      const { maxWaiting, retryAfterSeconds } = this.limits;
      if (this.waiting.length >= maxWaiting) throw AuthErrors.BUSY.because(undefined, { retryAfterSeconds });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
