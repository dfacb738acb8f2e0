import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { Database } from '#database';

import { auditedByUser, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';
import { LoginThrottle } from '../throttling/login-throttle.js';
import { digestOf } from '../tokens/api-token-format.js';
import { Sessions, type SignedIn } from './sessions.service.js';
import { holdUnchanged, isResetCode, rememberAddress, useResetCode } from '../accounts/accounts.repository.js';
import { loginKeyOf, usernameKey } from '../accounts/names.js';
import { applicantOf, PasswordProof } from './password-proof.js';
import { endSessions } from './sessions.repository.js';

/** Signs users in by password, and sets forgotten passwords by one-time codes of operators. */
@Injectable()
export class SignIn {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly proof: PasswordProof,
    private readonly throttle: LoginThrottle,
    private readonly hasher: PasswordHasher,
    private readonly sessions: Sessions,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Opens a session for an account, named by username or e-mail address, by its password.
   *
   * @throws DomainError AUTH.INVALID_CREDENTIALS, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async login(login: string, password: string, origin: Origin): Promise<SignedIn> {
    const { account, isWeak } = await this.proof.prove(loginKeyOf(login), password, origin);
    const { id, username, email, isOperator } = account;
    const renewedHash = isWeak ? await this.hasher.hash(password, applicantOf(id, origin, true)) : undefined;
    return this.database.transaction(async (tx) => {
      // The password may have changed since it was compared: the row is held until the session is there, or refused.
      if (!(await holdUnchanged(tx, account, renewedHash))) throw AuthErrors.INVALID_CREDENTIALS.because();
      const session = await this.sessions.open(tx, id, origin);
      await rememberAddress(tx, id, origin.address);
      await this.audit.record(tx, {
        organizationId: null,
        action: 'authn_login_success',
        target: { kind: 'session', id: session.sessionId },
        ...auditedByUser(account, origin),
      });
      return { session, user: { id, username, email, isOperator } };
    });
  }

  /**
   * Sets a new password by a reset code, which is then used up, and ends all of the user's sessions.
   *
   * @throws DomainError AUTH.RESET_CODE_INVALID, the same and after the same work for an unknown user and a wrong, used or expired code
   * @throws DomainError AUTH.PASSWORD_REFUSED, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY; the code then stays good
   */
  async reset(username: string, code: string, next: string, origin: Origin): Promise<void> {
    assertAcceptablePassword(next, { username }, this.settings.passwordMinLength, '#/password');
    const login = `reset:${usernameKey(username)}`;
    const codeHash = digestOf(code);
    // Only the owner can have a good code, so that its turn reveals nothing to others.
    const isGood = await isResetCode(this.database.reader(), username, codeHash);
    const attempt = await this.throttle.admit(login, origin.address, isGood);
    let isDone: boolean;
    try {
      const passwordHash = await this.hasher.hash(next, applicantOf(login, origin, isGood));
      isDone = await this.setPassword({ username, codeHash, passwordHash }, origin);
    } catch (error) {
      await attempt.abandoned();
      throw error;
    }
    if (!isDone) {
      await attempt.failed();
      throw AuthErrors.RESET_CODE_INVALID.because();
    }
    await attempt.succeeded();
  }

  private async setPassword(reset: Parameters<typeof useResetCode>[1], origin: Origin): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const user = await useResetCode(tx, reset);
      if (user === undefined) return false;
      const sessionsEnded = await endSessions(tx, user.id, null);
      await rememberAddress(tx, user.id, origin.address);
      await this.audit.record(tx, {
        organizationId: null,
        action: 'authn_password_reset',
        target: { kind: 'user', id: user.id, name: user.username },
        after: { sessionsEnded },
        ...auditedByUser(user, origin),
      });
      return true;
    });
  }
}
