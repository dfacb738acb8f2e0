import { Injectable } from '@nestjs/common';

import { Database, type Fragment, preparedRowsOf, sql } from '#database';
import { lowerRole, type Role } from '#kernel';

import { type Access, type Credential } from './access.js';

/** The part of the statement that reads a membership. */
export interface MembershipJoin {
  /** `left join ...` clauses that add at most one row. */
  readonly joins: Fragment;
  /** The user's role in the organization; null when the user does not belong to it or it does not exist. */
  readonly role: Fragment;
}

/** The same for an API token. */
export interface TokenMembershipJoin extends MembershipJoin {
  /** The user that created the token's organization. */
  readonly founder: Fragment;
}

/** Joins memberships to the statement of {@link AccessResolver}. The lib that owns memberships provides it. */
export abstract class Memberships {
  /** For a user (alias `u`) in the organization of the request, if it names one. Decides the role of operators, too. */
  abstract ofUser(organizationId: string | null): MembershipJoin;

  /** For a user (alias `u`; all null for a service account) in the organization of an API token (alias `t`). */
  abstract ofToken(): TokenMembershipJoin;
}

interface AccessRow extends Access {
  readonly tokenRole: Role | null;
  /** Whether the credential is good in the organization of the request. */
  readonly isHere: boolean;
}

/**
 * Reads what a credential grants: one indexed statement over session or token, user and membership together.
 *
 * Caches nothing, so that ended sessions, disabled users and removed members are refused at their next request.
 */
@Injectable()
export class AccessResolver {
  constructor(
    private readonly database: Database,
    private readonly memberships: Memberships,
  ) {}

  /**
   * Null when the session or token has ended, or its user is disabled or no longer a member of the token's organization.
   *
   * @param organizationId the organization that the route names, if any
   */
  async resolve(credential: Credential, organizationId: string | null): Promise<Access | null> {
    const statement =
      credential.kind === 'session'
        ? this.bySession(credential, organizationId)
        : this.byApiToken(credential.tokenHash, organizationId);
    const [row] = await preparedRowsOf(this.database.reader(), statement);
    return row === undefined ? null : toAccess(row);
  }

  private bySession(
    { sessionId, userId }: Credential & { readonly kind: 'session' },
    organizationId: string | null,
  ): ReturnType<typeof sql<AccessRow>> {
    const membership = this.memberships.ofUser(organizationId);
    return sql<AccessRow>`
      select 'user' as kind, u.id, u.id as "accountId", u.username as name, u.is_operator as "isOperator", s.id as "sessionId", null as "tokenId",
             ${membership.role} as role, null as scope, null as "tokenRole", true as "isHere"
      from sessions s
      join users u on u.id = s.user_id
      ${membership.joins}
      where s.id = ${sessionId} and s.user_id = ${userId} and s.idle_expires_at > now() and u.disabled_at is null`;
  }

  private byApiToken(tokenHash: Buffer, organizationId: string | null): ReturnType<typeof sql<AccessRow>> {
    const membership = this.memberships.ofToken();
    return sql<AccessRow>`
      select case when a.id is null then 'api-token' else 'service-account' end as kind, coalesce(a.id, u.id) as id,
             case when a.id is null then u.id else ${membership.founder} end as "accountId", coalesce(a.name, u.username) as name, false as "isOperator", null as "sessionId", t.id as "tokenId",
             case when a.id is null then ${membership.role} else a.role end as role, a.scope,
             coalesce(a.role, t.role) as "tokenRole", t.organization_id = ${organizationId}::uuid as "isHere"
      from api_tokens t
      left join users u on u.id = t.user_id
      left join service_accounts a on a.organization_id = t.organization_id and a.id = t.service_account_id
      ${membership.joins}
      where t.token_hash = ${tokenHash} and t.expires_at > now() and u.disabled_at is null`;
  }
}

/** Null for a user's token that has outlived the membership. A token grants the lower of its own role and its owner's present one. */
function toAccess({ tokenRole, isHere, ...access }: AccessRow): Access | null {
  const { kind, role } = access;
  if (kind === 'api-token' && role === null) return null;
  if (!isHere) return { ...access, role: null, scope: null };
  return role === null || tokenRole === null ? access : { ...access, role: lowerRole(role, tokenRole) };
}
