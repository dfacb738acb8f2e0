import { randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { AuditLog, type AuditTarget } from '#audit';
import { ApiSettings } from '#config';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { newId } from '#kernel';

import { type Actor, auditActorOf, type Origin } from '../access/actor.js';
import { AuthErrors } from '../auth.errors.js';
import { digestOf } from '../tokens/api-token-format.js';
import { isGenuine, parseRefreshToken, type RefreshToken, refreshTokenOf } from './refresh-token.js';

/** Most sessions of one user; the one that was not refreshed for the longest gives way. */
export const MAX_SESSIONS_PER_USER = 100;

/** How long the parent of the newest refresh token still gives that same newest token, for a client that lost the answer. */
export const LOST_ANSWER_SECONDS = 10;

const USER_AGENT_MAX_LENGTH = 256;

/** A session that was opened or continued, with the refresh token that continues it next. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
}

/** A user as that user may see it. */
export interface UserView {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly isOperator: boolean;
}

/** A session that was opened or continued, and whose it is. */
export interface SignedIn {
  readonly session: OpenSession;
  readonly user: UserView;
}

/** A session as its user may see it. Times are RFC 3339 in UTC. */
export interface SessionView {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly userAgent: string | null;
  readonly address: string | null;
}

interface FamilyRow {
  readonly user_id: string;
  readonly username: string;
  readonly email: string | null;
  readonly is_operator: boolean;
  readonly family_salt: Buffer;
  readonly generation: number;
  readonly is_recent: boolean;
}

/** Opens, continues and ends sign-ins. Whatever ends a session takes effect at the next request, because its row is gone. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly settings: ApiSettings,
    private readonly audit: AuditLog,
  ) {}

  /** Opens a session for a user whose identity was just proven, in the caller's transaction. */
  async open(tx: EntityManager, userId: string, origin: Origin): Promise<OpenSession> {
    const sessionId = newId();
    const familySalt = randomBytes(32);
    const refreshToken = refreshTokenOf(this.settings.tokenSecret, sessionId, familySalt, 0);
    const { refreshIdleSeconds, refreshAbsoluteSeconds } = this.settings;
    await changesOf(
      tx,
      sql`
        with crowded_out as (
          delete from sessions where id in (
            select id from sessions where user_id = ${userId}
            order by (idle_expires_at > now()) desc, rotated_at desc
            offset ${MAX_SESSIONS_PER_USER - 1} for update skip locked)
        )
        insert into sessions (id, user_id, family_salt, token_hash, idle_expires_at, expires_at, user_agent, address)
        values (${sessionId}, ${userId}, ${familySalt}, ${digestOf(refreshToken)},
                now() + make_interval(secs => ${refreshIdleSeconds}), now() + make_interval(secs => ${refreshAbsoluteSeconds}),
                ${shortened(origin.userAgent)}, ${origin.address})`,
    );
    return { sessionId, userId, refreshToken };
  }

  /**
   * Continues a session: its refresh token is used up and followed by another.
   *
   * Within {@link LOST_ANSWER_SECONDS} a used token gives the same successor again, as long as that one has not been used. That is safe:
   * the successor is one token, whoever asks for it, and the second of two parties that use it is found out as ever.
   *
   * @throws DomainError AUTH.REFRESH_TOKEN_INVALID when it is none, or its session has ended
   * @throws DomainError AUTH.REFRESH_TOKEN_REUSED when it was used before; the session ends, for both of the two who must hold its tokens
   */
  async rotate(text: string, origin: Origin): Promise<SignedIn> {
    const token = parseRefreshToken(text);
    if (token === undefined) throw AuthErrors.REFRESH_TOKEN_INVALID.because();
    const key = this.settings.tokenSecret;
    // The second look is for those who lost the race to use the token: for them it has become the parent of the newest.
    for (let look = 1; look <= 2; look++) {
      const family = await this.familyOf(token.sessionId);
      if (family === undefined || !isGenuine(key, token, family.family_salt))
        throw AuthErrors.REFRESH_TOKEN_INVALID.because();
      const { family_salt: salt, generation } = family;
      const lag = generation - token.generation;
      if (lag === 0) {
        const successor = refreshTokenOf(key, token.sessionId, salt, generation + 1);
        if (await this.replace(token.sessionId, text, successor, origin)) {
          return signedIn(token.sessionId, family, successor);
        }
      } else if (lag === 1 && family.is_recent) {
        return signedIn(token.sessionId, family, refreshTokenOf(key, token.sessionId, salt, generation));
      } else if (lag > 0) {
        await this.endReused(token, family, origin);
        throw AuthErrors.REFRESH_TOKEN_REUSED.because();
      } else {
        throw AuthErrors.REFRESH_TOKEN_INVALID.because();
      }
    }
    throw AuthErrors.REFRESH_TOKEN_INVALID.because();
  }

  /** Ends the session that a refresh token belongs to. A token that is none, or whose session has ended, is no error. */
  async endByRefreshToken(text: string): Promise<void> {
    const token = parseRefreshToken(text);
    if (token === undefined) return;
    const family = await this.familyOf(token.sessionId);
    if (family === undefined || !isGenuine(this.settings.tokenSecret, token, family.family_salt)) return;
    await changesOf(this.database.reader(), sql`delete from sessions where id = ${token.sessionId}`);
  }

  /** The sessions of a user, newest first, after the one that is named. */
  async list(userId: string, take: number, after: string | undefined): Promise<SessionView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<{
        id: string;
        created_at: string;
        rotated_at: string;
        expires_at: string;
        user_agent: string | null;
        address: string | null;
      }>`
        select id, created_at, rotated_at, least(idle_expires_at, expires_at) as expires_at, user_agent, address
        from sessions
        where user_id = ${userId} and idle_expires_at > now()
          and (${after ?? null}::uuid is null or id < ${after ?? null}::uuid)
        order by id desc limit ${take}`,
    );
    return rows.map((row) => ({
      id: row.id,
      createdAt: rfc3339(row.created_at),
      lastUsedAt: rfc3339(row.rotated_at),
      expiresAt: rfc3339(row.expires_at),
      userAgent: row.user_agent,
      address: row.address,
    }));
  }

  /** Ends one of the actor's sessions. @throws DomainError AUTH.SESSION_NOT_FOUND also for a session of somebody else */
  async end(actor: Actor, sessionId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const ended = await changesOf(tx, sql`delete from sessions where id = ${sessionId} and user_id = ${actor.id}`);
      if (ended === 0) throw AuthErrors.SESSION_NOT_FOUND.because();
      await this.recordEnd(tx, actor, { kind: 'session', id: sessionId }, ended);
    });
  }

  /** Ends all of the actor's sessions but the one that asks. @returns how many */
  async endOthers(actor: Actor): Promise<number> {
    return this.database.transaction(async (tx) => {
      const ended = await this.endAll(tx, actor.id, actor.sessionId);
      if (ended > 0) await this.recordEnd(tx, actor, { kind: 'user', id: actor.id, name: actor.name }, ended);
      return ended;
    });
  }

  /** Ends a user's sessions, but for the one that is named. @returns how many */
  async endAll(tx: EntityManager, userId: string, keepSessionId: string | null): Promise<number> {
    return changesOf(
      tx,
      sql`delete from sessions where user_id = ${userId} and id is distinct from ${keepSessionId}::uuid`,
    );
  }

  private async recordEnd(tx: EntityManager, actor: Actor, target: AuditTarget, sessionsEnded: number): Promise<void> {
    await this.audit.record(tx, {
      organizationId: null,
      actor: auditActorOf(actor),
      action: 'authn_session_end',
      target,
      after: { sessionsEnded },
      address: actor.address,
      requestId: actor.requestId,
    });
  }

  private async familyOf(sessionId: string): Promise<FamilyRow | undefined> {
    const [family] = await rowsOf(
      this.database.reader(),
      sql<FamilyRow>`
        select s.user_id, u.username, u.email, u.is_operator, s.family_salt, s.generation,
               s.rotated_at > now() - make_interval(secs => ${LOST_ANSWER_SECONDS}) as is_recent
        from sessions s join users u on u.id = s.user_id
        where s.id = ${sessionId} and s.idle_expires_at > now() and u.disabled_at is null`,
    );
    return family;
  }

  /** The one place where a refresh token is used up: of any number of parallel attempts exactly one changes the row. */
  private async replace(sessionId: string, presented: string, successor: string, origin: Origin): Promise<boolean> {
    const replaced = await changesOf(
      this.database.reader(),
      sql`
        update sessions
        set generation = generation + 1, token_hash = ${digestOf(successor)}, rotated_at = now(),
            idle_expires_at = least(now() + make_interval(secs => ${this.settings.refreshIdleSeconds}), expires_at),
            user_agent = ${shortened(origin.userAgent)}, address = ${origin.address}
        where id = ${sessionId} and token_hash = ${digestOf(presented)} and idle_expires_at > now()`,
    );
    return replaced === 1;
  }

  private async endReused(token: RefreshToken, family: FamilyRow, origin: Origin): Promise<void> {
    const { user_id: userId, username } = family;
    await this.database.transaction(async (tx) => {
      const ended = await changesOf(tx, sql`delete from sessions where id = ${token.sessionId}`);
      if (ended === 0) return;
      await this.audit.record(tx, {
        organizationId: null,
        actor: { kind: 'user', id: userId, name: username },
        action: 'authn_token_reuse',
        target: { kind: 'session', id: token.sessionId },
        before: { generation: family.generation, presentedGeneration: token.generation },
        address: origin.address,
        requestId: origin.requestId,
      });
    });
  }
}

function signedIn(sessionId: string, family: FamilyRow, refreshToken: string): SignedIn {
  const { user_id: userId, username, email, is_operator: isOperator } = family;
  return { session: { sessionId, userId, refreshToken }, user: { id: userId, username, email, isOperator } };
}

function shortened(userAgent: string | null): string | null {
  return userAgent === null ? null : userAgent.slice(0, USER_AGENT_MAX_LENGTH).toWellFormed().replaceAll('\0', '');
}
