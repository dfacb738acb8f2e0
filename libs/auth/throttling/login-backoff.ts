import { type Counters } from './counters.js';
import { type Limit } from './rate-limits.js';

/** The answer to a request for one attempt. */
export type Reservation =
  | { readonly kind: 'free'; readonly isFirst: boolean; readonly isLast: boolean }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'refused'; readonly retryAfterSeconds: number };

/**
 * Exponential back-off: a number of free attempts, and after them one per delay, each delay twice as long as the one before.
 *
 * Attempts are counted before they are made, so that parallel ones get no more than their share. Refused ones do not count.
 */
export class LoginBackoff {
  private readonly delay: Limit;
  private readonly doublings: Limit;

  constructor(
    private readonly counters: Counters,
    private readonly free: Limit,
    private readonly maxDelaySeconds: number,
  ) {
    this.delay = { name: `${free.name}-delay`, points: 1, seconds: 1 };
    this.doublings = { name: `${free.name}-doublings`, points: Number.MAX_SAFE_INTEGER, seconds: free.seconds };
  }

  /** Reserves one attempt, if one is due. */
  async reserve(key: string): Promise<Reservation> {
    const free = await this.counters.add(this.free, key);
    if (free.isWithin) return { kind: 'free', isFirst: free.used <= 1, isLast: free.remaining === 0 };
    const { used: doublings } = await this.counters.read(this.doublings, key);
    // The attempt that is let through starts the delay that follows it: of parallel ones exactly one does.
    const delay = await this.counters.add(this.delay, key, 1, this.secondsAfter(doublings + 1));
    if (!delay.isWithin) return { kind: 'refused', retryAfterSeconds: Math.max(1, Math.ceil(delay.resetMs / 1000)) };
    await this.counters.add(this.doublings, key);
    return { kind: 'delayed' };
  }

  /** Starts the next delay after a failed attempt, unless free ones are left. */
  async fail(key: string, reservation: Reservation): Promise<void> {
    if (reservation.kind === 'free' && !reservation.isLast) return;
    const { used: doublings } = await this.counters.read(this.doublings, key);
    await this.counters.set(this.delay, key, 1, this.secondsAfter(doublings));
  }

  /** Gives back a free attempt that was neither a success nor a failure. */
  async refund(key: string, reservation: Reservation): Promise<void> {
    if (reservation.kind === 'free') await this.counters.add(this.free, key, -1);
  }

  /** Forgets everything about a key after a success. @param reservation of the success: the first of all left nothing else behind */
  async reset(key: string, reservation: Reservation): Promise<void> {
    const isFirst = reservation.kind === 'free' && reservation.isFirst;
    const used = isFirst ? [this.free] : [this.free, this.delay, this.doublings];
    await Promise.all(used.map((limit) => this.counters.clear(limit, key)));
  }

  private secondsAfter(doublings: number): number {
    return Math.min(2 ** Math.min(doublings, 30), this.maxDelaySeconds);
  }
}
