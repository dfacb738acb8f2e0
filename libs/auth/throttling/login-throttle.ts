import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { Injectable } from '@nestjs/common';

import { keyOf, networkOf } from '#http';

import { tooManyAttempts } from '../auth.errors.js';
import { Counters } from './counters.js';
import { LoginBackoff, type Reservation } from './login-backoff.js';
import { RateLimits, REFUSAL_PAUSE_MS } from './rate-limits.js';

/** Attempts on one account from one address that wait for others of the same kind to end. */
const MAX_WAITING = 1000;

/** One admitted attempt. Exactly one of `failed`, `succeeded` and `abandoned` must be called. */
export interface Attempt {
  /** @returns whether this failure used up the last free attempt, so that delays begin */
  failed(): Promise<boolean>;
  succeeded(): Promise<void>;
  /** Refunds an attempt that ended for another reason, such as a busy service. */
  abandoned(): Promise<void>;
}

/** The part of an attempt that failures of all unknown addresses together decide. */
interface SharedAttempt {
  readonly fail: () => Promise<unknown>;
  readonly refund: () => Promise<unknown>;
}

/** Attempts on one account from one address that this process has admitted and not yet settled, and those that wait for them. */
interface InFlightAttempts {
  count: number;
  readonly waiting: (() => void)[];
}

/**
 * Slows down the guessing of passwords by exponential back-off per account and address, so that strangers cannot lock an account. Failures at all
 * unknown addresses together share a second back-off; where it refuses, each network still has a few attempts a day of its own. Addresses from
 * which the account signed in before are spared both that and the limit of failures of an address.
 *
 * An account that does not exist is treated as any other. Counters know accounts by a hash.
 */
@Injectable()
export class LoginThrottle {
  private readonly perAddress: LoginBackoff;
  private readonly acrossAddresses: LoginBackoff;
  private readonly inFlight = new Map<string, InFlightAttempts>();

  constructor(
    private readonly counters: Counters,
    private readonly limits: RateLimits,
  ) {
    this.perAddress = new LoginBackoff(counters, limits.freeFailures, limits.maxDelaySeconds);
    this.acrossAddresses = new LoginBackoff(counters, limits.freeFailuresAcrossAddresses, limits.maxDelaySeconds);
  }

  /**
   * Admits one attempt to sign in.
   *
   * @param login what was typed, in its canonical form
   * @param isKnown whether the account signed in from this address before
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS with the seconds after which the next may be made
   */
  async admit(login: string, address: string | null, isKnown: boolean): Promise<Attempt> {
    const from = keyOf(address);
    if (!isKnown) await this.assertFewFailures(from);
    const account = createHash('sha256').update(login).digest('base64url');
    const key = `${account}:${from}`;
    const reservation = await this.reserve(key);
    try {
      const shared = isKnown ? undefined : await this.reserveShared(account, networkOf(address));
      return this.attempt(key, from, reservation, shared);
    } catch (error) {
      await this.perAddress.refund(key, reservation);
      this.settle(key, false);
      await pause(REFUSAL_PAUSE_MS);
      throw error;
    }
  }

  private async assertFewFailures(from: string): Promise<void> {
    const failures = await this.counters.read(this.limits.loginFailures, from);
    if (failures.remaining === 0) throw tooManyAttempts(Math.ceil(failures.resetMs / 1000));
  }

  /** Reserves an attempt of those that all unknown addresses share, otherwise one of the network's own. */
  private async reserveShared(account: string, network: string): Promise<SharedAttempt> {
    const { acrossAddresses, counters } = this;
    const reservation = await acrossAddresses.reserve(account);
    if (reservation.kind !== 'refused') {
      return {
        fail: () => acrossAddresses.fail(account, reservation),
        refund: () => acrossAddresses.refund(account, reservation),
      };
    }
    const own = `${account}:${network}`;
    const limit = this.limits.ownAttempts;
    const { isWithin } = await counters.add(limit, own);
    if (!isWithin) throw tooManyAttempts(reservation.retryAfterSeconds);
    return { fail: () => Promise.resolve(), refund: () => counters.add(limit, own, -1) };
  }

  /**
   * Reserves an attempt, or waits: while free attempts are in flight their outcome is open, and a script that signs in many times at once with
   * the right password must not be taken for one that guesses.
   */
  private async reserve(key: string): Promise<Reservation> {
    for (;;) {
      const reservation = await this.perAddress.reserve(key);
      const inFlight = this.inFlight.get(key) ?? { count: 0, waiting: [] };
      if (reservation.kind !== 'refused') {
        inFlight.count++;
        this.inFlight.set(key, inFlight);
        return reservation;
      }
      if (inFlight.count === 0 || inFlight.waiting.length >= MAX_WAITING)
        throw tooManyAttempts(reservation.retryAfterSeconds);
      await new Promise<void>((resolve) => inFlight.waiting.push(resolve));
    }
  }

  private attempt(key: string, from: string, own: Reservation, shared: SharedAttempt | undefined): Attempt {
    const { perAddress } = this;
    return {
      failed: async () => {
        const ofAddress = this.counters.add(this.limits.loginFailures, from);
        await Promise.all([perAddress.fail(key, own), ofAddress, shared?.fail()]);
        this.settle(key, false);
        return own.kind === 'free' && own.isLast;
      },
      succeeded: async () => {
        await Promise.all([perAddress.reset(key, own), shared?.refund()]);
        this.settle(key, true);
      },
      abandoned: async () => {
        await Promise.all([perAddress.refund(key, own), shared?.refund()]);
        this.settle(key, false);
      },
    };
  }

  /** Ends an attempt, and wakes those that wait after a success, or when none is left in flight that could succeed. */
  private settle(key: string, hasSucceeded: boolean): void {
    const inFlight = this.inFlight.get(key);
    if (inFlight === undefined) return;
    inFlight.count--;
    if (inFlight.count > 0 && !hasSucceeded) return;
    if (inFlight.count === 0) this.inFlight.delete(key);
    for (const wake of inFlight.waiting.splice(0)) wake();
  }
}
