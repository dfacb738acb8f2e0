import { Injectable } from '@nestjs/common';

import { keyOf } from './address-key.js';
import { tooMany } from './address-limit.guard.js';
import { Counters } from './counters.js';
import { RateLimits } from './rate-limits.js';

/** Bounds how often an address may learn that a username is taken, which registration cannot conceal. */
@Injectable()
export class TakenNames {
  constructor(
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {}

  /** @throws DomainError REQUEST.TOO_MANY */
  async assertMayAsk(address: string | null): Promise<void> {
    const { remaining, resetMs } = await this.counters.read(this.limits.taken, keyOf(address));
    if (remaining === 0) throw tooMany(this.limits.taken, resetMs);
  }

  async count(address: string | null): Promise<void> {
    await this.counters.add(this.limits.taken, keyOf(address));
  }
}
