import { Injectable } from '@nestjs/common';

import { AuditLog, systemActor } from '#audit';
import { Database } from '#database';
import { networkOf } from '#http';
import { DomainError } from '#kernel';

import { LoginThrottle } from '../throttling/login-throttle.js';
import { type Actor, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { type Applicant } from '../passwords/password-gate.js';
import { type PasswordCheck, PasswordHasher } from '../passwords/password-hasher.js';
import { type AccountAtSignIn, accountAtSignIn } from '../accounts/accounts.repository.js';
import { type LoginKey } from '../accounts/names.js';

/** An account whose password was just given. */
export interface Proven {
  readonly account: AccountAtSignIn;
  /** The stored hash is weaker than the settings ask for. */
  readonly isWeak: boolean;
}

/**
 * The turn of a request at the password gate.
 *
 * @param account the account that it names, whether that exists or not
 * @param isKnown the account signed in from this address before, or the request carries a second proof: a live session, a reset code
 */
export function applicantOf(account: string, { address }: Pick<Origin, 'address'>, isKnown: boolean): Applicant {
  return { standing: isKnown ? 'known' : 'stranger', network: networkOf(address), account };
}

/** Proves the identity of an account by its password: the only place where one is compared. */
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
   * @param hasSession a live session of the account came with the request
   */
  async prove(
    key: LoginKey | { readonly id: string },
    password: string,
    origin: Origin,
    hasSession = false,
  ): Promise<Proven> {
    const login = JSON.stringify(key);
    const account = await accountAtSignIn(this.database.reader(), key, origin.address);
    const isKnown = account?.isKnownAddress ?? false;
    const attempt = await this.throttle.admit(login, origin.address, isKnown);
    let check: PasswordCheck;
    try {
      check = await this.hasher.check(
        password,
        account?.passwordHash,
        applicantOf(login, origin, isKnown || hasSession),
      );
    } catch (error) {
      await attempt.abandoned();
      throw error;
    }
    if (account === undefined || !check.matches || account.disabledAt !== null) {
      if (await attempt.failed()) await this.recordDelays(account, origin);
      throw AuthErrors.INVALID_CREDENTIALS.because();
    }
    await attempt.succeeded();
    return { account, isWeak: check.isWeak };
  }

  /**
   * The same for the actor, where a session alone is not enough.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async proveAgain(actor: Actor, password: string): Promise<AccountAtSignIn> {
    try {
      return (await this.prove({ id: actor.id }, password, actor, true)).account;
    } catch (error) {
      const isWrong = error instanceof DomainError && error.code === AuthErrors.INVALID_CREDENTIALS.code;
      throw isWrong ? AuthErrors.CURRENT_PASSWORD_WRONG.because() : error;
    }
  }

  /** Records an unknown account too, so that the time of the answer reveals nothing; what was typed is not kept. */
  private async recordDelays(account: AccountAtSignIn | undefined, origin: Origin): Promise<void> {
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        organizationId: null,
        actor: systemActor('sign-in'),
        action: 'authn_login_delay',
        target: { kind: 'user', id: account?.id ?? null, name: account?.username ?? null },
        address: origin.address,
        requestId: origin.requestId,
      }),
    );
  }
}
