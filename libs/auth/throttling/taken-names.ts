import { Injectable } from '@nestjs/common';

import { keyOf } from '#http';

import { Counters } from './counters.js';
import { RateLimits } from './rate-limits.js';

/**
 * Bounds how often an address learns at once that a username is taken, which registration cannot conceal. Later answers cost the work of a
 * registration: a stranger at a shared address must not keep others from registering.
 */
@Injectable()
export class TakenNames {
  constructor(
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {}

  /** Whether an address may still learn it at once. */
  async mayAsk(address: string | null): Promise<boolean> {
    return (await this.counters.read(this.limits.taken, keyOf(address))).remaining > 0;
  }

  async count(address: string | null): Promise<void> {
    await this.counters.add(this.limits.taken, keyOf(address));
  }
}
