import { Injectable } from '@nestjs/common';

import { keyOf } from '#http';

import { type Actor } from '../access/actor.js';
import { tooMany } from './address-limit.guard.js';
import { Counters } from './counters.js';
import { type Limit, RateLimits } from './rate-limits.js';

type Guesser = Pick<Actor, 'accountId' | 'address'>;

/** Bounds how many invite codes that do not exist an account, and all accounts at one address, may try. Codes that exist are not counted. */
@Injectable()
export class InviteGuesses {
  constructor(
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {}

  /** @throws DomainError REQUEST.TOO_MANY */
  async assertMayTry(guesser: Guesser): Promise<void> {
    for (const [limit, key] of this.countersOf(guesser)) {
      const { remaining, resetMs } = await this.counters.read(limit, key);
      if (remaining === 0) throw tooMany(limit, resetMs);
    }
  }

  /** Counts a code that does not exist. */
  async count(guesser: Guesser): Promise<void> {
    await Promise.all(this.countersOf(guesser).map(([limit, key]) => this.counters.add(limit, key)));
  }

  private countersOf({ accountId, address }: Guesser): readonly (readonly [Limit, string])[] {
    return [
      [this.limits.unknownCodes, accountId],
      [this.limits.unknownCodesOfAddress, keyOf(address)],
    ];
  }
}
