import { Injectable } from '@nestjs/common';

import { keyOf } from './address-key.js';
import { AbuseLimits } from './abuse-limits.js';
import { tooMany } from './address-limit.guard.js';
import { Counters } from './counters.js';

/** Bounds how many times an address may learn that a username is taken: registration cannot help but tell. */
@Injectable()
export class TakenLimit {
  constructor(
    private readonly counters: Counters,
    private readonly limits: AbuseLimits,
  ) {}

  /** @throws DomainError REQUEST.TOO_MANY for an address that was told too often */
  async assertMayAsk(address: string | null): Promise<void> {
    const count = await this.counters.read(this.limits.taken, keyOf(address));
    if (count.remaining === 0) throw tooMany(this.limits.taken, count.resetMs);
  }

  /** Counts one such answer. */
  async tell(address: string | null): Promise<void> {
    await this.counters.add(this.limits.taken, keyOf(address));
  }
}
