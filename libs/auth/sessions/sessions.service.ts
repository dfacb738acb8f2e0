import { randomBytes } from 'node:crypto';

import { Injectable, Optional } from '@nestjs/common';

import { AuditLog, type AuditTarget } from '#audit';
import { ApiSettings } from '#config';
import { Database, type EntityManager } from '#database';
import { keyOf } from '#http';
import { newId } from '#kernel';
import { AccessHints } from '#queue';

import { type Actor, auditedBy, auditedByUser, type Origin } from '../access/actor.js';
import { rememberAddress } from '../accounts/accounts.repository.js';
import { type UserView } from '../accounts/user.entity.js';
import { AuthErrors } from '../auth.errors.js';
import { digestOf } from '../tokens/api-token-format.js';
import { isGenuine, parseRefreshToken, type RefreshToken, refreshTokenOf } from './refresh-token.js';
import { Session } from './session.entity.js';
import {
  endSessions,
  insertSession,
  listSessions,
  rotateToken,
  type SessionView,
  type TokenFamily,
  tokenFamily,
} from './sessions.repository.js';

/** A session that was opened or continued, with the refresh token that continues it next. */
export interface OpenSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshToken: string;
}

/** A session that was opened or continued, and whose it is. */
export interface SignedIn {
  readonly session: OpenSession;
  readonly user: UserView;
}

/** Opens, continues and ends sign-ins. The end of a session takes effect at the next request, because its row is gone. */
@Injectable()
export class Sessions {
  constructor(
    private readonly database: Database,
    private readonly settings: ApiSettings,
    private readonly audit: AuditLog,
    @Optional() private readonly accessHints?: AccessHints,
  ) {}

  /** Opens a session for a user whose identity was just proven, in the caller's transaction. */
  async open(tx: EntityManager, userId: string, origin: Origin): Promise<OpenSession> {
    const sessionId = newId();
    const familySalt = randomBytes(32);
    const refreshToken = refreshTokenOf(this.settings.tokenSecret, sessionId, familySalt, 0);
    const session = { id: sessionId, userId, salt: familySalt, tokenHash: digestOf(refreshToken) };
    await insertSession(tx, this.settings, session, origin);
    return { sessionId, userId, refreshToken };
  }

  /**
   * Continues a session: its refresh token is used up and followed by another.
   *
   * Within 10 seconds a used token gives the same successor again, as long as that one has not been used. That is safe: the successor is one
   * token, and its second use is detected like any other.
   *
   * @throws DomainError AUTH.REFRESH_TOKEN_INVALID when it is none, or its session has ended
   * @throws DomainError AUTH.REFRESH_TOKEN_REUSED when it was used before; the session ends, because two parties hold its tokens
   */
  async rotate(text: string, origin: Origin): Promise<SignedIn> {
    const token = parseRefreshToken(text);
    if (token === undefined) throw AuthErrors.REFRESH_TOKEN_INVALID.because();
    const key = this.settings.tokenSecret;
    // A second look for requests that lost the race to use the token: to them it has become the parent of the newest.
    for (let look = 1; look <= 2; look++) {
      const family = await this.familyOf(token);
      if (family === undefined) break;
      const { salt, generation } = family;
      const lag = generation - token.generation;
      if (lag === 0) {
        const successor = refreshTokenOf(key, token.sessionId, salt, generation + 1);
        const hashes = { presentedHash: digestOf(text), successorHash: digestOf(successor) };
        const rotation = { sessionId: token.sessionId, ...hashes };
        if (await rotateToken(this.database.reader(), this.settings, rotation, origin)) {
          await this.rememberMove(family, origin);
          return signedIn(token.sessionId, family, successor);
        }
      } else if (lag === 1 && family.isRecent) {
        return signedIn(token.sessionId, family, refreshTokenOf(key, token.sessionId, salt, generation));
      } else if (lag > 0) {
        await this.endReused(token, family, origin);
        throw AuthErrors.REFRESH_TOKEN_REUSED.because();
      } else break;
    }
    throw AuthErrors.REFRESH_TOKEN_INVALID.because();
  }

  /** Ends the session that a refresh token belongs to. A token that is none, or whose session has ended, is no error. */
  async endByRefreshToken(text: string): Promise<void> {
    const token = parseRefreshToken(text);
    if (token === undefined) return;
    if ((await this.familyOf(token)) === undefined) return;
    await this.database.reader().nativeDelete(Session, { id: token.sessionId });
    this.accessHints?.changed(token.sessionId);
  }

  /** The sessions of a user, newest first, after the one that is named. */
  async list(userId: string, take: number, after: string | undefined): Promise<SessionView[]> {
    return listSessions(this.database.reader(), userId, take, after);
  }

  /** Ends one of the actor's sessions. @throws DomainError AUTH.SESSION_NOT_FOUND, also for a session of another user */
  async end(actor: Actor, sessionId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const ended = await tx.nativeDelete(Session, { id: sessionId, userId: actor.id });
      if (ended === 0) throw AuthErrors.SESSION_NOT_FOUND.because();
      await this.recordEnd(tx, actor, { kind: 'session', id: sessionId }, ended);
    });
  }

  /** Ends all of the actor's sessions but the one that asks. @returns how many */
  async endOthers(actor: Actor): Promise<number> {
    return this.database.transaction(async (tx) => {
      const ended = await endSessions(tx, actor.id, actor.sessionId);
      if (ended > 0) await this.recordEnd(tx, actor, { kind: 'user', id: actor.id, name: actor.name }, ended);
      return ended;
    });
  }

  private async recordEnd(tx: EntityManager, actor: Actor, target: AuditTarget, sessionsEnded: number): Promise<void> {
    await this.audit.record(tx, {
      organizationId: null,
      action: 'authn_session_end',
      target,
      after: { sessionsEnded },
      ...auditedBy(actor),
    });
  }

  /** Makes the address known to which a session moved: its holder can then sign in there while strangers guess. */
  private async rememberMove({ userId, address }: TokenFamily, origin: Origin): Promise<void> {
    if (keyOf(address) !== keyOf(origin.address)) await rememberAddress(this.database.reader(), userId, origin.address);
  }

  /** The family of a genuine token, whose session has not ended. */
  private async familyOf(token: RefreshToken): Promise<TokenFamily | undefined> {
    const family = await tokenFamily(this.database.reader(), token.sessionId);
    return family !== undefined && isGenuine(this.settings.tokenSecret, token, family.salt) ? family : undefined;
  }

  private async endReused(token: RefreshToken, family: TokenFamily, origin: Origin): Promise<void> {
    const { userId: id, username, generation } = family;
    await this.database.transaction(async (tx) => {
      if ((await tx.nativeDelete(Session, { id: token.sessionId })) === 0) return;
      await this.audit.record(tx, {
        organizationId: null,
        action: 'authn_token_reuse',
        target: { kind: 'session', id: token.sessionId },
        before: { generation, presentedGeneration: token.generation },
        ...auditedByUser({ id, username }, origin),
      });
    });
  }
}

function signedIn(sessionId: string, family: TokenFamily, refreshToken: string): SignedIn {
  const { userId, username, email, isOperator } = family;
  return { session: { sessionId, userId, refreshToken }, user: { id: userId, username, email, isOperator } };
}
