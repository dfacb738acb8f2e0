import { Injectable } from '@nestjs/common';

import { AuditLog, systemActor } from '#audit';
import { Database } from '#database';
import { DomainError } from '#kernel';

import { LoginThrottle } from '../throttling/login-throttle.js';
import { type Actor, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { type Candidate, candidateOf } from './candidates.js';
import { type LoginKey } from '../accounts/names.js';

/** An account whose password was just given. */
export interface Proven {
  readonly candidate: Candidate;
  /** The stored hash is weaker than the settings ask for. */
  readonly isWeak: boolean;
}

/** Lets people prove that they are an account, by its password: the only place where one is compared. */
@Injectable()
export class PasswordProof {
  constructor(
    private readonly database: Database,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @throws DomainError AUTH.INVALID_CREDENTIALS, the same and after the same work for an unknown account, a wrong password, a disabled account
   * @throws DomainError AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async prove(key: LoginKey | { readonly id: string }, password: string, origin: Origin): Promise<Proven> {
    const attempt = await this.throttle.admit(JSON.stringify(key), origin.address);
    let candidate: Candidate | undefined;
    let check: { readonly matches: boolean; readonly isWeak: boolean };
    try {
      candidate = await candidateOf(this.database.reader(), key, origin.address);
      if (candidate?.isKnownAddress !== true) await attempt.countAcrossAddresses();
      check = await this.hasher.check(password, candidate?.passwordHash);
    } catch (error) {
      await attempt.abandoned();
      throw error;
    }
    if (candidate === undefined || !check.matches || candidate.isDisabled) {
      if (await attempt.failed()) await this.recordDelays(candidate, origin);
      throw AuthErrors.INVALID_CREDENTIALS.because();
    }
    await attempt.succeeded();
    return { candidate, isWeak: check.isWeak };
  }

  /**
   * The same for somebody who is signed in, where a session alone is not enough.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async proveAgain(actor: Actor, password: string): Promise<Candidate> {
    try {
      return (await this.prove({ id: actor.id }, password, actor)).candidate;
    } catch (error) {
      const isWrong = error instanceof DomainError && error.code === AuthErrors.INVALID_CREDENTIALS.code;
      throw isWrong ? AuthErrors.CURRENT_PASSWORD_WRONG.because() : error;
    }
  }

  /** Also for an account that does not exist, so that the time of the answer tells nothing; what was typed is not kept. */
  private async recordDelays(candidate: Candidate | undefined, origin: Origin): Promise<void> {
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        organizationId: null,
        actor: systemActor('sign-in'),
        action: 'authn_login_delay',
        target: { kind: 'user', id: candidate?.id ?? null, name: candidate?.username ?? null },
        address: origin.address,
        requestId: origin.requestId,
      }),
    );
  }
}
