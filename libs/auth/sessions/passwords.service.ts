import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { AuditLog } from '#audit';
import { Settings } from '#config';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';

import { LoginThrottle } from '../throttling/login-throttle.js';
import { type Actor, auditActorOf, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { assertAcceptablePassword } from '../passwords/password-policy.js';
import { Sessions } from './sessions.service.js';
import { digestOf } from '../tokens/api-token-format.js';
import { toBase62 } from '../tokens/base62.js';
import { usernameKey } from '../accounts/names.js';
import { PasswordProof } from './password-proof.js';

/** How long a reset code can be used, in seconds. */
export const RESET_CODE_SECONDS = 1800;

/** A reset code, which is shown once. */
export interface NewResetCode {
  readonly code: string;
  /** RFC 3339, in UTC. */
  readonly expiresAt: string;
}

/** Gives accounts new passwords. */
@Injectable()
export class Passwords {
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
   * Changes the actor's own password, and ends all sessions but the actor's at once.
   *
   * @throws DomainError AUTH.CURRENT_PASSWORD_WRONG, AUTH.PASSWORD_REFUSED, AUTH.TOO_MANY_ATTEMPTS, AUTH.BUSY
   */
  async change(actor: Actor, current: string, next: string): Promise<void> {
    const candidate = await this.proof.proveAgain(actor, current);
    assertAcceptablePassword(next, candidate, this.settings.passwordMinLength, '#/newPassword');
    const passwordHash = await this.hasher.hash(next);
    await this.database.transaction(async (tx) => {
      const changed = await changesOf(
        tx,
        sql`
          update users set password_hash = ${passwordHash}, password_changed_at = now()
          where id = ${actor.id} and password_hash = ${candidate.passwordHash}`,
      );
      // Somebody else changed it in between: what was proven is no longer true.
      if (changed === 0) throw AuthErrors.CURRENT_PASSWORD_WRONG.because();
      const sessionsEnded = await this.sessions.endAll(tx, actor.id, actor.sessionId);
      await this.audit.record(tx, {
        organizationId: null,
        actor: auditActorOf(actor),
        action: 'authn_password_change',
        target: { kind: 'user', id: actor.id, name: actor.name },
        after: { sessionsEnded },
        address: actor.address,
        requestId: actor.requestId,
      });
    });
  }

  /** Makes a one-time code with which a user can set a new password. @throws DomainError AUTH.USER_NOT_FOUND */
  async makeResetCode(actor: Actor, userId: string): Promise<NewResetCode> {
    const code = toBase62(randomBytes(32), 43);
    return this.database.transaction(async (tx) => {
      const [row] = await rowsOf(
        tx,
        sql<{ username: string; expires_at: string }>`
          insert into reset_codes (user_id, code_hash, created_by, expires_at)
          select id, ${digestOf(code)}, ${actor.id}, now() + make_interval(secs => ${RESET_CODE_SECONDS})
          from users where id = ${userId}
          on conflict (user_id) do update
          set code_hash = excluded.code_hash, created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at
          returning expires_at, (select username from users where id = user_id) as username`,
      );
      if (row === undefined) throw AuthErrors.USER_NOT_FOUND.because();
      await this.audit.record(tx, {
        organizationId: null,
        actor: auditActorOf(actor),
        action: 'authn_reset_code_create',
        target: { kind: 'user', id: userId, name: row.username },
        address: actor.address,
        requestId: actor.requestId,
      });
      return { code, expiresAt: rfc3339(row.expires_at) };
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
    const attempt = await this.throttle.admit(`reset:${usernameKey(username)}`, origin.address);
    let isDone: boolean;
    try {
      const passwordHash = await this.hasher.hash(next);
      isDone = await this.database.transaction((tx) => this.useResetCode(tx, username, code, passwordHash, origin));
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

  private async useResetCode(
    tx: EntityManager,
    username: string,
    code: string,
    passwordHash: string,
    origin: Origin,
  ): Promise<boolean> {
    const [user] = await rowsOf(
      tx,
      sql<{ id: string; username: string }>`
        with used as (
          delete from reset_codes c using users u
          where u.id = c.user_id and u.username_key = ${usernameKey(username)} and u.disabled_at is null
            and c.code_hash = ${digestOf(code)} and c.expires_at > now()
          returning c.user_id
        )
        update users set password_hash = ${passwordHash}, password_changed_at = now()
        where id = (select user_id from used) returning id, username`,
    );
    if (user === undefined) return false;
    const sessionsEnded = await this.sessions.endAll(tx, user.id, null);
    await this.audit.record(tx, {
      organizationId: null,
      actor: { kind: 'user', id: user.id, name: user.username },
      action: 'authn_password_reset',
      target: { kind: 'user', id: user.id, name: user.username },
      after: { sessionsEnded },
      address: origin.address,
      requestId: origin.requestId,
    });
    return true;
  }
}
