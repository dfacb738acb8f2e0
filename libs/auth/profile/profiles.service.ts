import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Database, rfc3339, rowsOf, sql } from '#database';

import { type Actor, auditActorOf } from '../access/actor.js';
import { AuthErrors, unauthenticated } from '../auth.errors.js';
import { Sessions } from '../sessions/sessions.service.js';
import { claimEmail } from '../accounts/email-claim.js';
import { canonicalEmail, usernameKey } from '../accounts/names.js';
import { PasswordProof } from '../sessions/password-proof.js';

/** An account as its user, or an operator, may see it. Times are RFC 3339 in UTC. */
export interface ProfileView {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly isOperator: boolean;
  readonly createdAt: string;
  readonly disabledAt: string | null;
}

interface ProfileRow {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly is_operator: boolean;
  readonly created_at: string;
  readonly disabled_at: string | null;
}

/** Shows and changes accounts that exist. */
@Injectable()
export class Profiles {
  constructor(
    private readonly database: Database,
    private readonly proof: PasswordProof,
    private readonly sessions: Sessions,
    private readonly audit: AuditLog,
  ) {}

  /** The actor's own account. */
  async own(actor: Actor): Promise<ProfileView> {
    const [row] = await rowsOf(
      this.database.reader(),
      sql<ProfileRow>`
        select id, username, email, is_operator, created_at, disabled_at from users where id = ${actor.id}`,
    );
    if (row === undefined) throw unauthenticated();
    return toView(row);
  }

  /**
   * Changes the actor's e-mail address, or takes it away, after the password was given again.
   *
   * As at registration, an address that another account holds is accepted, and only that other account can sign in by it.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async changeEmail(actor: Actor, typed: string | null, password: string): Promise<ProfileView> {
    await this.proof.proveAgain(actor, password);
    const email = typed === null ? null : (canonicalEmail(typed) ?? null);
    return this.database.transaction(async (tx) => {
      const claim = await claimEmail(tx, email);
      const [row] = await rowsOf(
        tx,
        sql<ProfileRow>`
          update users set email = ${email},
                 email_key = case when exists (select 1 from users o where o.email_key = ${claim} and o.id <> ${actor.id})
                                  then null else ${claim}::text end
          where id = ${actor.id} returning id, username, email, is_operator, created_at, disabled_at`,
      );
      if (row === undefined) throw unauthenticated();
      await this.audit.record(tx, {
        organizationId: null,
        actor: auditActorOf(actor),
        action: 'user_email_change',
        target: { kind: 'user', id: actor.id, name: actor.name },
        address: actor.address,
        requestId: actor.requestId,
      });
      return toView(row);
    });
  }

  /** Accounts, newest first, after the one that is named; or the one of a username. For operators. */
  async list(take: number, after: string | undefined, username: string | undefined): Promise<ProfileView[]> {
    const key = username === undefined ? null : usernameKey(username);
    const rows = await rowsOf(
      this.database.reader(),
      sql<ProfileRow>`
        select id, username, email, is_operator, created_at, disabled_at from users
        where (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
          and (${key}::text is null or username_key = ${key})
        order by id desc limit ${take}`,
    );
    return rows.map(toView);
  }

  /**
   * Disables an account: its sessions, API tokens and reset code are gone at once. Enabling it later brings none of them back.
   *
   * @throws DomainError AUTH.USER_NOT_FOUND, AUTH.CANNOT_DISABLE_SELF
   */
  async disable(actor: Actor, userId: string): Promise<ProfileView> {
    if (userId === actor.id) throw AuthErrors.CANNOT_DISABLE_SELF.because();
    return this.setDisabled(actor, userId, true);
  }

  /** Lets a disabled account sign in again. @throws DomainError AUTH.USER_NOT_FOUND */
  async enable(actor: Actor, userId: string): Promise<ProfileView> {
    return this.setDisabled(actor, userId, false);
  }

  private async setDisabled(actor: Actor, userId: string, isDisabled: boolean): Promise<ProfileView> {
    return this.database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        sql<ProfileRow>`
          update users set disabled_at = case when ${isDisabled}::boolean then coalesce(disabled_at, now()) end
          where id = ${userId} returning id, username, email, is_operator, created_at, disabled_at`,
      );
      if (row === undefined) throw AuthErrors.USER_NOT_FOUND.because();
      if (isDisabled) {
        await this.sessions.endAll(tx, userId, null);
        await rowsOf(tx, sql`delete from api_tokens where user_id = ${userId}`);
        await rowsOf(tx, sql`delete from reset_codes where user_id = ${userId}`);
      }
      await this.audit.record(tx, {
        organizationId: null,
        actor: auditActorOf(actor),
        action: isDisabled ? 'user_disable' : 'user_enable',
        target: { kind: 'user', id: row.id, name: row.username },
        address: actor.address,
        requestId: actor.requestId,
      });
      return toView(row);
    });
  }
}

function toView(row: ProfileRow): ProfileView {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    isOperator: row.is_operator,
    createdAt: rfc3339(row.created_at),
    disabledAt: rfc3339(row.disabled_at),
  };
}
