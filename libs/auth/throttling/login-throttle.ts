import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { tooManyAttempts } from '../auth.errors.js';
import { keyOf } from './address-key.js';
import { Counters } from './counters.js';
import { LoginBackoff, type Reservation } from './login-backoff.js';
import { RateLimits } from './rate-limits.js';

/** Attempts on one account from one address that wait for others of the same kind to end. */
const MAX_WAITING = 1000;

/** One admitted attempt. Exactly one of `failed`, `succeeded` and `abandoned` must be called. */
export interface Attempt {
  /**
   * Counts failures over all addresses as well, for an address from which the account has never signed in.
   *
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS
   */
  countAcrossAddresses(): Promise<void>;
  /** @returns whether this failure used up the last free attempt, so that delays begin */
  failed(): Promise<boolean>;
  succeeded(): Promise<void>;
  /** Refunds an attempt that ended for another reason, such as a busy service. */
  abandoned(): Promise<void>;
}

/** Attempts on one account from one address that this process has admitted and not yet settled, and those that wait for them. */
interface InFlightAttempts {
  count: number;
  readonly waiting: (() => void)[];
}

/**
 * Slows down the guessing of passwords by exponential back-off per account and address, so that strangers cannot lock an account. Back-off
 * over all addresses begins only after many failures, and spares addresses from which the account signed in before.
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
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS with the seconds after which the next may be made
   */
  async admit(login: string, address: string | null): Promise<Attempt> {
    const from = keyOf(address);
    const failures = await this.counters.read(this.limits.loginFailures, from);
    if (failures.remaining === 0) throw tooManyAttempts(Math.ceil(failures.resetMs / 1000));
    const account = createHash('sha256').update(login).digest('base64url');
    const key = `${account}:${from}`;
    return this.attempt(account, key, from, await this.reserve(key));
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

  private attempt(account: string, key: string, from: string, reservation: Reservation): Attempt {
    const { perAddress, acrossAddresses } = this;
    let across: Reservation | undefined;
    const refundAcross = async (): Promise<void> => {
      if (across !== undefined) await acrossAddresses.refund(account, across);
    };
    return {
      countAcrossAddresses: async () => {
        across = await acrossAddresses.reserve(account);
        if (across.kind === 'refused') throw tooManyAttempts(across.retryAfterSeconds);
      },
      failed: async () => {
        await Promise.all([
          perAddress.fail(key, reservation),
          this.counters.add(this.limits.loginFailures, from),
          across === undefined ? undefined : acrossAddresses.fail(account, across),
        ]);
        this.settle(key, false);
        return reservation.kind === 'free' && reservation.isLast;
      },
      succeeded: async () => {
        await Promise.all([perAddress.reset(key, reservation), refundAcross()]);
        this.settle(key, true);
      },
      abandoned: async () => {
        await Promise.all([perAddress.refund(key, reservation), refundAcross()]);
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
