import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database, type EntityManager } from '#database';

import { type Actor, auditedBy } from '../access/actor.js';
import { createResetCode, listAccounts, setDisabled } from '../accounts/accounts.repository.js';
import { ResetCode } from '../accounts/reset-code.entity.js';
import { type AccountView } from '../accounts/user.entity.js';
import { AuthErrors } from '../auth.errors.js';
import { endSessions } from '../sessions/sessions.repository.js';
import { digestOf } from '../tokens/api-token-format.js';
import { ApiToken } from '../tokens/api-token.entity.js';
import { toBase62 } from '../tokens/base62.js';

/** The lifetime of a reset code. */
export const RESET_CODE_SECONDS = 1800;

/** A reset code, which is shown once. */
export interface NewResetCode {
  readonly code: string;
  readonly expiresAt: string;
}

/** Lists, disables and enables accounts, and makes reset codes, for operators. */
@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** Accounts, newest first, after the one that is named; or the one of a username. */
  async list(take: number, after: string | undefined, username: string | undefined): Promise<AccountView[]> {
    return listAccounts(this.database.reader(), { take, after, username });
  }

  /**
   * Disables an account: its sessions, API tokens and reset code are gone at once. Enabling it later brings none of them back.
   *
   * @throws DomainError AUTH.USER_NOT_FOUND, AUTH.CANNOT_DISABLE_SELF
   */
  async disable(actor: Actor, userId: string): Promise<AccountView> {
    if (userId === actor.id) throw AuthErrors.CANNOT_DISABLE_SELF.because();
    return this.database.transaction(async (tx) => {
      const account = await this.setDisabled(tx, actor, userId, true);
      await endSessions(tx, userId, null);
      await tx.nativeDelete(ApiToken, { userId });
      await tx.nativeDelete(ResetCode, { userId });
      return account;
    });
  }

  /** Enables a disabled account. @throws DomainError AUTH.USER_NOT_FOUND */
  async enable(actor: Actor, userId: string): Promise<AccountView> {
    return this.database.transaction((tx) => this.setDisabled(tx, actor, userId, false));
  }

  /** Makes a one-time code by which a user can set a new password. @throws DomainError AUTH.USER_NOT_FOUND */
  async createResetCode(actor: Actor, userId: string): Promise<NewResetCode> {
    const code = toBase62(randomBytes(32), 43);
    return this.database.transaction(async (tx) => {
      const order = { userId, hash: digestOf(code), createdBy: actor.id, seconds: RESET_CODE_SECONDS };
      const created = await createResetCode(tx, order);
      if (created === undefined) throw AuthErrors.USER_NOT_FOUND.because();
      await this.record(tx, actor, 'authn_reset_code_create', { id: userId, username: created.username });
      return { code, expiresAt: created.expiresAt };
    });
  }

  private async setDisabled(tx: EntityManager, actor: Actor, id: string, isDisabled: boolean): Promise<AccountView> {
    const account = await setDisabled(tx, id, isDisabled);
    if (account === undefined) throw AuthErrors.USER_NOT_FOUND.because();
    await this.record(tx, actor, isDisabled ? 'user_disable' : 'user_enable', account);
    return account;
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    action: string,
    { id, username }: { readonly id: string; readonly username: string },
  ): Promise<void> {
    const target = { kind: 'user', id, name: username };
    await this.audit.record(tx, { organizationId: null, action, target, ...auditedBy(actor) });
  }
}
