import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database } from '#database';

import { auditedByUser, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Sessions, type SignedIn } from './sessions.service.js';
import { holdUnchanged, rememberAddress } from '../accounts/accounts.repository.js';
import { loginKeyOf } from '../accounts/names.js';
import { PasswordProof } from './password-proof.js';

/** Signs users in by password. */
@Injectable()
export class SignIn {
  constructor(
    private readonly database: Database,
    private readonly proof: PasswordProof,
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
    const renewedHash = isWeak ? await this.hasher.hash(password) : undefined;
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
}
