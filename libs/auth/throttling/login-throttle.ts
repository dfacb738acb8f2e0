import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { tooManyAttempts } from '../auth.errors.js';
import { keyOf } from './address-key.js';
import { AbuseLimits } from './abuse-limits.js';
import { Counters } from './counters.js';
import { DelayLadder, type Step } from './delay-ladder.js';

/** Attempts on one account from one address that wait for others of the same kind to end. */
const MAX_WAITING = 1000;

/** One attempt that was admitted. It must be told how it ended, exactly once. */
export interface Attempt {
  /**
   * Says that the account is one from which the address is not known: then failures over all addresses count too.
   *
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS
   */
  asStranger(): Promise<void>;
  /** @returns whether this failure used up the last free attempt, so that delays begin */
  failed(): Promise<boolean>;
  succeeded(): Promise<void>;
  /** It came to nothing for another reason (the service was busy), and does not count. */
  abandoned(): Promise<void>;
}

/** Attempts on one account from one address that are under way in this process. */
interface Flight {
  count: number;
  readonly waiting: (() => void)[];
}

/**
 * Slows down guessing of passwords, without letting strangers lock anybody out: delays are for one account and one address; over all
 * addresses they begin only after many failures, and spare addresses from which the account signed in before.
 *
 * An account that does not exist is treated as any other. Counters know accounts by a hash.
 */
@Injectable()
export class LoginThrottle {
  private readonly pairs: DelayLadder;
  private readonly accounts: DelayLadder;
  private readonly flights = new Map<string, Flight>();

  constructor(
    private readonly counters: Counters,
    private readonly limits: AbuseLimits,
  ) {
    this.pairs = new DelayLadder(counters, limits.freeFailures, limits.maxDelaySeconds);
    this.accounts = new DelayLadder(counters, limits.freeStrangerFailures, limits.maxDelaySeconds);
  }

  /**
   * Admits one attempt to prove to be an account.
   *
   * @param account what was typed, in its canonical form
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS with the seconds after which the next may be made
   */
  async admit(account: string, address: string | null): Promise<Attempt> {
    const from = keyOf(address);
    const failures = await this.counters.read(this.limits.loginFailures, from);
    if (failures.remaining === 0) throw tooManyAttempts(Math.ceil(failures.resetMs / 1000));
    const accountKey = hashed(account);
    const pairKey = `${accountKey}:${from}`;
    const step = await this.climb(pairKey);
    return this.attempt(accountKey, pairKey, from, step);
  }

  /**
   * Takes one step, or waits: while free attempts are under way nobody knows yet whether they fail, and a script that signs in many
   * times at once with the right password must not be taken for one that guesses.
   */
  private async climb(pairKey: string): Promise<Step> {
    for (;;) {
      const step = await this.pairs.climb(pairKey);
      if (step.kind !== 'wait') {
        this.flightOf(pairKey).count++;
        return step;
      }
      const flight = this.flights.get(pairKey);
      if (flight === undefined || flight.waiting.length >= MAX_WAITING) throw tooManyAttempts(step.seconds);
      await new Promise<void>((resolve) => flight.waiting.push(resolve));
    }
  }

  private attempt(accountKey: string, pairKey: string, from: string, step: Step): Attempt {
    let stranger: Step | undefined;
    const land = (hasSucceeded: boolean): void => this.land(pairKey, hasSucceeded);
    return {
      asStranger: async () => {
        stranger = await this.accounts.climb(accountKey);
        if (stranger.kind === 'wait') throw tooManyAttempts(stranger.seconds);
      },
      failed: async () => {
        await Promise.all([
          this.pairs.fail(pairKey, step),
          this.counters.add(this.limits.loginFailures, from),
          stranger === undefined ? undefined : this.accounts.fail(accountKey, stranger),
        ]);
        land(false);
        return step.kind === 'free' && step.isLast;
      },
      succeeded: async () => {
        await Promise.all([
          this.pairs.forget(pairKey, step),
          stranger === undefined ? undefined : this.accounts.giveBack(accountKey, stranger),
        ]);
        land(true);
      },
      abandoned: async () => {
        await Promise.all([
          this.pairs.giveBack(pairKey, step),
          stranger === undefined ? undefined : this.accounts.giveBack(accountKey, stranger),
        ]);
        land(false);
      },
    };
  }

  private flightOf(pairKey: string): Flight {
    let flight = this.flights.get(pairKey);
    if (flight === undefined) {
      flight = { count: 0, waiting: [] };
      this.flights.set(pairKey, flight);
    }
    return flight;
  }

  /** Wakes those who wait when a success has cleared the way, or when nobody is left who could. */
  private land(pairKey: string, hasSucceeded: boolean): void {
    const flight = this.flights.get(pairKey);
    if (flight === undefined) return;
    flight.count--;
    if (flight.count > 0 && !hasSucceeded) return;
    if (flight.count === 0) this.flights.delete(pairKey);
    for (const wake of flight.waiting.splice(0)) wake();
  }
}

function hashed(account: string): string {
  return createHash('sha256').update(account).digest('base64url');
}
