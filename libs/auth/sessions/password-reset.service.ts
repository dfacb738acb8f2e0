import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { Database } from '#database';

import { auditedByUser, type Origin } from '../access/actor.js';
import { useResetCode } from '../accounts/accounts.repository.js';
import { usernameKey } from '../accounts/names.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';
import { LoginThrottle } from '../throttling/login-throttle.js';
import { digestOf } from '../tokens/api-token-format.js';
import { endSessions } from './sessions.repository.js';

/** Sets forgotten passwords by one-time codes, which operators make. */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly throttle: LoginThrottle,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Sets a new password by a reset code, which is then used up, and ends all of the user's sessions.
   *
   * @throws DomainError AUTH.RESET_CODE_INVALID, the same and after the same work for an unknown user and a wrong, used or expired code
   * @throws DomainError AUTH.PASSWORD_REFUSED, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY; the code then stays good
   */
  async reset(username: string, code: string, next: string, origin: Origin): Promise<void> {
    assertAcceptablePassword(next, { username }, this.settings.passwordMinLength, '#/password');
    const attempt = await this.throttle.admit(`reset:${usernameKey(username)}`, origin.address);
    let isDone: boolean;
    try {
      const passwordHash = await this.hasher.hash(next);
      isDone = await this.setPassword({ username, codeHash: digestOf(code), passwordHash }, origin);
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
