import { Injectable } from '@nestjs/common';

import { type Role } from '#kernel';
import { AuditLog, type AuditRecord } from '#audit';
import { changesOf, type EntityManager, rowsOf, sql } from '#database';

import { hashOfInviteCode } from './invite-code.js';
import { OrganizationLimits } from '../limits/organization-limits.js';
import { InviteErrors, OrganizationErrors } from '../organizations.errors.js';

/** Who wants to join. */
export interface Joiner {
  readonly id: string;
  readonly name: string;
  /** How the audit log names them, and where the request comes from. */
  readonly audited: Pick<AuditRecord, 'actor' | 'address' | 'requestId'>;
}

/** Where a code has led. */
export interface Redemption {
  readonly organizationId: string;
  readonly role: Role;
  /** False when the user was a member before: the code was not used, and the role is the one already held. */
  readonly isNew: boolean;
}

interface InviteRow {
  readonly id: string;
  readonly organizationId: string;
  readonly role: Role;
  readonly isRevoked: boolean;
  readonly isExpired: boolean;
  readonly isExhausted: boolean;
  readonly inviterIsAdmin: boolean;
  readonly heldRole: Role | null;
  readonly members: number;
}

/** Joining by code: the code is judged, used and turned into a membership in one transaction. */
@Injectable()
export class InviteRedemption {
  constructor(
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes the user a member with the role that the code carries. A member stays what they are, and burns no use.
   *
   * @throws INVITES.NOT_FOUND, INVITES.REVOKED, EXPIRED or EXHAUSTED (in this order), ORGANIZATIONS.MEMBER_LIMIT_REACHED
   */
  async redeem(tx: EntityManager, code: string, joiner: Joiner): Promise<Redemption> {
    const { invite, limit } = await this.hold(tx, code, joiner.id);
    const { organizationId, role } = invite;
    if (invite.heldRole !== null) return { organizationId, role: invite.heldRole, isNew: false };
    if (invite.isRevoked || !invite.inviterIsAdmin) throw InviteErrors.REVOKED.because();
    if (invite.isExpired) throw InviteErrors.EXPIRED.because();
    if (invite.isExhausted) throw InviteErrors.EXHAUSTED.because();
    if (invite.members >= limit) throw OrganizationErrors.MEMBER_LIMIT_REACHED.because(undefined, { limit });

    await changesOf(
      tx,
      sql`insert into memberships (organization_id, user_id, role) values (${organizationId}, ${joiner.id}, ${role})`,
    );
    await changesOf(
      tx,
      sql`update invites set uses = uses + 1 where organization_id = ${organizationId} and id = ${invite.id}`,
    );
    await this.audit.record(tx, {
      organizationId,
      ...joiner.audited,
      action: 'member_join',
      target: { kind: 'member', id: joiner.id, name: joiner.name },
      after: { role, inviteId: invite.id },
    });
    return { organizationId, role, isNew: true };
  }

  /**
   * The organization is held first, as everybody does who counts its members: joining takes turns, so that neither a code nor a limit is
   * exceeded. Then the invite, because whoever revokes it holds only that.
   */
  private async hold(
    tx: EntityManager,
    code: string,
    userId: string,
  ): Promise<{ readonly invite: InviteRow; readonly limit: number }> {
    const hash = hashOfInviteCode(code);
    if (hash === undefined) throw InviteErrors.NOT_FOUND.because();
    const [found] = await rowsOf(
      tx,
      sql<{
        organizationId: string;
      }>`select organization_id as "organizationId" from invites where code_hash = ${hash}`,
    );
    if (found === undefined) throw InviteErrors.NOT_FOUND.because();
    const limits = await this.limits.holdIfThere(tx, found.organizationId);
    const [invite] = await rowsOf(
      tx,
      sql<InviteRow>`
        select i.id, i.organization_id as "organizationId", i.role, i.revoked_at is not null as "isRevoked",
               i.expires_at <= statement_timestamp() as "isExpired", i.uses >= i.max_uses as "isExhausted",
               exists (select from users u
                       left join memberships m on m.organization_id = i.organization_id and m.user_id = u.id
                       where u.id = i.created_by and u.disabled_at is null and (m.role = 'admin' or u.is_operator))
               or exists (select from service_accounts a
                          where a.organization_id = i.organization_id and a.id = i.created_by and a.role = 'admin')
                 as "inviterIsAdmin",
               (select m.role from memberships m
                where m.organization_id = i.organization_id and m.user_id = ${userId}) as "heldRole",
               (select count(*)::int from memberships m where m.organization_id = i.organization_id) as members
        from invites i where i.code_hash = ${hash} for no key update of i`,
    );
    // Both are gone when the organization was deleted meanwhile.
    if (limits === undefined || invite === undefined) throw InviteErrors.NOT_FOUND.because();
    return { invite, limit: limits.members };
  }
}
