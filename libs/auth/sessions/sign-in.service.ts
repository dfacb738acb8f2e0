import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database, rowsOf, sql } from '#database';

import { type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { Sessions, type SignedIn } from './sessions.service.js';
import { rememberAddress } from '../accounts/login-addresses.js';
import { loginKeyOf } from '../accounts/names.js';
import { PasswordProof } from './password-proof.js';

/** Signs people in by password. */
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
   * Opens a session for whoever knows the password of an account, named by username or e-mail address.
   *
   * @throws DomainError AUTH.INVALID_CREDENTIALS, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async login(login: string, password: string, origin: Origin): Promise<SignedIn> {
    const { candidate, isWeak } = await this.proof.prove(loginKeyOf(login), password, origin);
    const { id, username, email, isOperator, passwordHash: hash } = candidate;
    const renewed = isWeak ? await this.hasher.hash(password) : undefined;
    return this.database.transaction(async (tx) => {
      // The password may have been changed since it was checked: the row is held until the session is there, or refused.
      const held = await rowsOf(
        tx,
        renewed === undefined
          ? sql`select id from users where id = ${id} and password_hash = ${hash} and disabled_at is null for share`
          : sql`
              update users set password_hash = ${renewed}
              where id = ${id} and password_hash = ${hash} and disabled_at is null returning id`,
      );
      if (held.length === 0) throw AuthErrors.INVALID_CREDENTIALS.because();
      const session = await this.sessions.open(tx, id, origin);
      await rememberAddress(tx, id, origin.address);
      await this.audit.record(tx, {
        organizationId: null,
        actor: { kind: 'user', id, name: username },
        action: 'authn_login_success',
        target: { kind: 'session', id: session.sessionId },
        address: origin.address,
        requestId: origin.requestId,
      });
      return { session, user: { id, username, email, isOperator } };
    });
  }
}
