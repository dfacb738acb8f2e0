import { Injectable } from '@nestjs/common';

import { AuditLog, type AuditState } from '#audit';
import { Settings } from '#config';
import { Database, type EntityManager } from '#database';

import { type Actor, auditedBy } from '../access/actor.js';
import { changeEmail, listAccounts, replacePassword } from '../accounts/accounts.repository.js';
import { type AccountView } from '../accounts/user.entity.js';
import { AuthErrors, unauthenticated } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';
import { applicantOf, PasswordProof } from '../sessions/password-proof.js';
import { endSessions } from '../sessions/sessions.repository.js';

/** Shows and changes the actor's own account. */
@Injectable()
export class ProfileService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly proof: PasswordProof,
    private readonly hasher: PasswordHasher,
    private readonly audit: AuditLog,
  ) {}

  async read(actor: Actor): Promise<AccountView> {
    const [account] = await listAccounts(this.database.reader(), { take: 1, id: actor.id });
    if (account === undefined) throw unauthenticated();
    return account;
  }

  /**
   * Changes the actor's e-mail address, or removes it, after the password was given again.
   *
   * As at registration, an address of another account is accepted, and only that other account can sign in by it.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async changeEmail(actor: Actor, email: string | null, password: string): Promise<AccountView> {
    await this.proof.proveAgain(actor, password);
    return this.database.transaction(async (tx) => {
      const account = await changeEmail(tx, actor.id, email);
      if (account === undefined) throw unauthenticated();
      await this.record(tx, actor, 'user_email_change');
      return account;
    });
  }

  /**
   * Changes the actor's password, and ends all other sessions.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.PASSWORD_REFUSED, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async changePassword(actor: Actor, current: string, next: string): Promise<void> {
    const account = await this.proof.proveAgain(actor, current);
    assertAcceptablePassword(next, account, this.settings.passwordMinLength, '#/newPassword');
    const passwordHash = await this.hasher.hash(next, applicantOf(actor.id, actor, true));
    await this.database.transaction(async (tx) => {
      // Another request changed it in between: what was proven is no longer true.
      if (!(await replacePassword(tx, account, passwordHash))) throw AuthErrors.CURRENT_PASSWORD_WRONG.because();
      const sessionsEnded = await endSessions(tx, actor.id, actor.sessionId);
      await this.record(tx, actor, 'authn_password_change', { sessionsEnded });
    });
  }

  private async record(tx: EntityManager, actor: Actor, action: string, after?: AuditState): Promise<void> {
    await this.audit.record(tx, {
      organizationId: null,
      action,
      target: { kind: 'user', id: actor.id, name: actor.name },
      ...(after === undefined ? {} : { after }),
      ...auditedBy(actor),
    });
  }
}
