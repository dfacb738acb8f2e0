import { lowerRole, type Role } from '#kernel';
import { type Fragment, sql } from '#database';

import { type TokenScope } from '../tokens/service-account.entity.js';

/** What kind of principal a request comes from: a person's session, a person's API token, or a service account's token. */
export type PrincipalKind = 'user' | 'api-token' | 'service-account';

/** Who acts. */
export interface Principal {
  readonly kind: PrincipalKind;
  /** The user; for a service account its own id. What somebody made is recorded under it. */
  readonly id: string;
  /** The username, or the service account's name. */
  readonly name: string;
  /** Never true for a token: a token is worth what its role says. */
  readonly isOperator: boolean;
  readonly sessionId: string | null;
  readonly tokenId: string | null;
}

/** What a credential is worth at this moment, in one organization or in none. */
export interface Standing {
  readonly principal: Principal;
  /** The effective role in the organization that was asked for; null when there is none, or the principal does not belong to it. */
  readonly role: Role | null;
  /** Set for a service account that holds a scope instead of a role. */
  readonly scope: TokenScope | null;
}

/** Which session is presented, and for which organization (null: the route names none). */
export interface SessionQuestion {
  readonly sessionId: string;
  readonly userId: string;
  readonly organizationId: string | null;
}

/** Which API token is presented, by the SHA-256 of its text, and for which organization (null: the route names none). */
export interface ApiTokenQuestion {
  readonly tokenHash: Buffer;
  readonly organizationId: string | null;
}

/**
 * Reads what a credential is worth now: one indexed statement each, over session or token, user and membership together.
 *
 * Nothing may be cached: a session that ended, a user who was disabled and a member who was removed are out at the next request.
 * The lib that owns memberships provides it, with {@link standingOfSession} and {@link standingOfApiToken}.
 */
export abstract class StandingReader {
  /** Null when the session has ended or its user is disabled. */
  abstract bySession(question: SessionQuestion): Promise<Standing | null>;

  /** Null when the token has expired, was deleted, or its user is disabled or no longer belongs to the token's organization. */
  abstract byApiToken(question: ApiTokenQuestion): Promise<Standing | null>;
}

/** How memberships join the statement. Both parts may use the aliases that the function's documentation names. */
export interface MembershipJoin {
  /** `left join ...` clauses that add at most one row. */
  readonly joins: Fragment;
  /** The user's role in the organization; null when the user does not belong to it or it does not exist. */
  readonly role: Fragment;
}

/** A row of either statement, to be given to {@link toStanding}. */
export interface StandingRow {
  readonly kind: PrincipalKind;
  readonly principal_id: string;
  readonly name: string;
  readonly is_operator: boolean;
  readonly session_id: string | null;
  readonly token_id: string | null;
  readonly token_role: Role | null;
  readonly token_is_here: boolean;
  readonly scope: TokenScope | null;
  readonly role: Role | null;
}

/** One of the two statements, to be run with `rowsOf`. */
export type StandingStatement = ReturnType<typeof sql<StandingRow>>;

/** The statement for a session. Alias for `membership`: `u` (users). The role of operators is for `membership.role` to decide. */
export function standingOfSession(question: SessionQuestion, membership: MembershipJoin): StandingStatement {
  return sql<StandingRow>`
    select 'user' as kind, u.id as principal_id, u.username as name, u.is_operator, s.id as session_id, null as token_id,
           null as token_role, true as token_is_here, null as scope, ${membership.role} as role
    from sessions s
    join users u on u.id = s.user_id
    ${membership.joins}
    where s.id = ${question.sessionId} and s.user_id = ${question.userId}
      and s.idle_expires_at > now() and u.disabled_at is null`;
}

/**
 * The statement for an API token. Aliases for `membership`: `u` (users; all null for a service account) and `t` (api_tokens).
 *
 * `membership` must speak of the token's own organization, `t.organization_id`, whatever organization the request is about.
 */
export function standingOfApiToken(question: ApiTokenQuestion, membership: MembershipJoin): StandingStatement {
  return sql<StandingRow>`
    select case when a.id is null then 'api-token' else 'service-account' end as kind, coalesce(a.id, u.id) as principal_id,
           coalesce(a.name, u.username) as name, false as is_operator, null as session_id, t.id as token_id,
           coalesce(a.role, t.role) as token_role, t.organization_id = ${question.organizationId}::uuid as token_is_here,
           a.scope, case when a.id is null then ${membership.role} else a.role end as role
    from api_tokens t
    left join users u on u.id = t.user_id
    left join service_accounts a on a.organization_id = t.organization_id and a.id = t.service_account_id
    ${membership.joins}
    where t.token_hash = ${question.tokenHash} and t.expires_at > now() and u.disabled_at is null`;
}

/** What a row says. Null when there is none, or a user's token has outlived the user's membership. */
export function toStanding(row: StandingRow | undefined): Standing | null {
  if (row === undefined) return null;
  const {
    kind,
    principal_id: id,
    name,
    scope,
    session_id: sessionId,
    token_id: tokenId,
    is_operator: isOperator,
  } = row;
  if (kind === 'api-token' && row.role === null) return null;
  const principal: Principal = { kind, id, name, isOperator, sessionId, tokenId };
  const isHere = row.token_is_here;
  return { principal, role: isHere ? effectiveRole(row) : null, scope: isHere ? scope : null };
}

/** A token is worth the lower of its own role and its owner's present one. */
function effectiveRole({ role, token_role: tokenRole }: StandingRow): Role | null {
  if (role === null || tokenRole === null) return role;
  return lowerRole(role, tokenRole);
}
