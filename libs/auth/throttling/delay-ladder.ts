import { type Limit } from './abuse-limits.js';
import { type Counters } from './counters.js';

/** How a ladder answers somebody who wants to try. */
export type Step =
  | { readonly kind: 'free'; readonly isFirst: boolean; readonly isLast: boolean }
  | { readonly kind: 'granted' }
  | { readonly kind: 'wait'; readonly seconds: number };

/**
 * So many free attempts, and after them one per delay, each delay twice as long as the one before.
 *
 * Attempts are counted before they are made, so that any number of parallel ones gets no more than its share. Refused ones do not count.
 */
export class DelayLadder {
  private readonly gate: Limit;
  private readonly strikes: Limit;

  constructor(
    private readonly counters: Counters,
    private readonly free: Limit,
    private readonly maxDelaySeconds: number,
  ) {
    this.gate = { name: `${free.name}-gate`, points: 1, seconds: 1 };
    this.strikes = { name: `${free.name}-strikes`, points: Number.MAX_SAFE_INTEGER, seconds: free.seconds };
  }

  /** Asks for one attempt. */
  async climb(key: string): Promise<Step> {
    const free = await this.counters.add(this.free, key);
    if (free.isWithin) return { kind: 'free', isFirst: free.used <= 1, isLast: free.remaining === 0 };
    const { used: strikes } = await this.counters.read(this.strikes, key);
    // Whoever opens the gate closes it, for the delay that follows this attempt: of parallel ones exactly one does.
    const gate = await this.counters.add(this.gate, key, 1, this.delayAfter(strikes + 1));
    if (!gate.isWithin) return { kind: 'wait', seconds: Math.max(1, Math.ceil(gate.resetMs / 1000)) };
    await this.counters.add(this.strikes, key);
    return { kind: 'granted' };
  }

  /** Says that an attempt failed: where attempts are no longer free, the next delay begins now. */
  async fail(key: string, step: Step): Promise<void> {
    if (step.kind === 'free' && !step.isLast) return;
    const { used: strikes } = await this.counters.read(this.strikes, key);
    await this.counters.set(this.gate, key, 1, this.delayAfter(strikes));
  }

  /** Takes one free attempt back: it was none of those that the ladder is against. */
  async giveBack(key: string, step: Step): Promise<void> {
    if (step.kind === 'free') await this.counters.add(this.free, key, -1);
  }

  /** Forgets everything about a key. @param step the one that led to success: the first of all left nothing else behind */
  async forget(key: string, step: Step): Promise<void> {
    const isFirst = step.kind === 'free' && step.isFirst;
    const kept = isFirst ? [this.free] : [this.free, this.gate, this.strikes];
    await Promise.all(kept.map((limit) => this.counters.clear(limit, key)));
  }

  private delayAfter(strikes: number): number {
    return Math.min(2 ** Math.min(strikes, 30), this.maxDelaySeconds);
  }
}
