import { type ApiSettings } from '#config';
import { changesOf, type EntityManager, queries, sql, type TablesOf } from '#database';

import { type Origin } from '../access/actor.js';
import { type UserSchema } from '../accounts/user.entity.js';
import { Session, type SessionSchema } from './session.entity.js';

type SessionTables = TablesOf<typeof SessionSchema | typeof UserSchema>;

/** The most sessions of one user; the one that was refreshed longest ago is deleted for another. */
export const MAX_SESSIONS_PER_USER = 100;

/** How long the parent of the newest refresh token still gives that same newest token, for a client that lost the answer. */
export const LOST_ANSWER_SECONDS = 10;

const USER_AGENT_MAX_LENGTH = 256;

type Lifetimes = Pick<ApiSettings, 'refreshIdleSeconds' | 'refreshAbsoluteSeconds'>;

/** A session as its user may see it. Times are RFC 3339 in UTC. */
export interface SessionView {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly userAgent: string | null;
  readonly address: string | null;
}

/** A session's family of refresh tokens, and its user. */
export interface TokenFamily {
  readonly userId: string;
  readonly username: string;
  readonly email: string | null;
  readonly isOperator: boolean;
  readonly salt: Uint8Array;
  readonly generation: number;
  /** Where the session was opened or last continued. */
  readonly address: string | null;
  /** Whether the newest token is younger than {@link LOST_ANSWER_SECONDS}. */
  readonly isRecent: boolean;
}

/** Inserts a session and deletes the user's oldest beyond {@link MAX_SESSIONS_PER_USER}. */
export async function insertSession(
  tx: EntityManager,
  { refreshIdleSeconds, refreshAbsoluteSeconds }: Lifetimes,
  session: { readonly id: string; readonly userId: string; readonly salt: Uint8Array; readonly tokenHash: Buffer },
  origin: Origin,
): Promise<void> {
  await changesOf(
    tx,
    sql`
      with crowded_out as (
        delete from sessions where id in (
          select id from sessions where user_id = ${session.userId}
          order by (idle_expires_at > now()) desc, rotated_at desc
          offset ${MAX_SESSIONS_PER_USER - 1} for update skip locked)
      )
      insert into sessions (id, user_id, family_salt, token_hash, idle_expires_at, expires_at, user_agent, address)
      values (${session.id}, ${session.userId}, ${session.salt}, ${session.tokenHash},
              now() + make_interval(secs => ${refreshIdleSeconds}), now() + make_interval(secs => ${refreshAbsoluteSeconds}),
              ${shortened(origin.userAgent)}, ${origin.address})`,
  );
}

/** The family of a session that has not ended, of a user who is not disabled. */
export async function tokenFamily(em: EntityManager, sessionId: string): Promise<TokenFamily | undefined> {
  return queries<SessionTables>(em)
    .selectFrom('sessions as s')
    .innerJoin('users as u', 'u.id', 's.user_id')
    .select([
      's.user_id as userId',
      'u.username',
      'u.email',
      'u.is_operator as isOperator',
      's.generation',
      's.address',
    ])
    .select([
      's.family_salt as salt',
      sql<boolean>`s.rotated_at > now() - make_interval(secs => ${LOST_ANSWER_SECONDS})`.as('isRecent'),
    ])
    .where('s.id', '=', sessionId)
    .where('s.idle_expires_at', '>', sql<string>`now()`)
    .where('u.disabled_at', 'is', null)
    .executeTakeFirst();
}

/** Uses up a refresh token, in one statement: of any number of parallel attempts exactly one changes the row. */
export async function rotateToken(
  em: EntityManager,
  { refreshIdleSeconds }: Lifetimes,
  rotation: { readonly sessionId: string; readonly presentedHash: Buffer; readonly successorHash: Buffer },
  origin: Origin,
): Promise<boolean> {
  const rotated = await changesOf(
    em,
    sql`
      update sessions
      set generation = generation + 1, token_hash = ${rotation.successorHash}, rotated_at = now(),
          idle_expires_at = least(now() + make_interval(secs => ${refreshIdleSeconds}), expires_at),
          user_agent = ${shortened(origin.userAgent)}, address = ${origin.address}
      where id = ${rotation.sessionId} and token_hash = ${rotation.presentedHash} and idle_expires_at > now()`,
  );
  return rotated === 1;
}

/** The sessions of a user, newest first, after the one that is named. */
export async function listSessions(
  em: EntityManager,
  userId: string,
  take: number,
  after: string | undefined,
): Promise<SessionView[]> {
  let query = queries<SessionTables>(em)
    .selectFrom('sessions')
    .select(['id', 'created_at as createdAt', 'rotated_at as lastUsedAt', 'user_agent as userAgent', 'address'])
    // Never later than `expires_at`: a check of the table.
    .select('idle_expires_at as expiresAt')
    .where('user_id', '=', userId)
    .where('idle_expires_at', '>', sql<string>`now()`)
    .orderBy('id', 'desc')
    .limit(take);
  if (after !== undefined) query = query.where('id', '<', after);
  return query.execute();
}

/** Ends a user's sessions, but for the one that is named. @returns how many */
export async function endSessions(tx: EntityManager, userId: string, keepSessionId: string | null): Promise<number> {
  return tx.nativeDelete(Session, { userId, ...(keepSessionId === null ? {} : { id: { $ne: keepSessionId } }) });
}

function shortened(userAgent: string | null): string | null {
  return userAgent === null ? null : userAgent.slice(0, USER_AGENT_MAX_LENGTH).toWellFormed().replaceAll('\0', '');
}
