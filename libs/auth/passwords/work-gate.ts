import { AuthErrors } from '../auth.errors.js';

/** How many pieces of work may wait, and how long the last of them is told to stay away. */
export interface WorkGateLimits {
  readonly concurrency: number;
  readonly maxWaiting: number;
  readonly retryAfterSeconds: number;
}

/** Lets a bounded number of expensive pieces of work run at once, in the order of arrival, and turns away what would wait too long. */
export class WorkGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly limits: WorkGateLimits) {}

  /** @throws DomainError AUTH.BUSY when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.limits.concurrency) {
      if (this.waiting.length >= this.limits.maxWaiting)
        throw AuthErrors.BUSY.because(undefined, { retryAfterSeconds: this.limits.retryAfterSeconds });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
