import { Injectable } from '@nestjs/common';

import { type Role } from '#kernel';
import { AuditLog, type AuditRecord } from '#audit';
import { type EntityManager } from '#database';

import { OrganizationLimits } from '../limits/organization-limits.js';
import { Membership } from '../membership.entity.js';
import { RemovedMember } from '../removed-member.entity.js';
import { InviteErrors, OrganizationErrors } from '../organizations.errors.js';
import { lockInvite, lockOrganization, organizationOfCode, readRedemptionFacts } from '../organizations.repository.js';
import { hashOfInviteCode } from './invite-code.js';

/** A user that joins an organization. */
export interface Joiner {
  readonly id: string;
  readonly name: string;
  /** The actor of the audit log, and the origin of the request. */
  readonly audited: Pick<AuditRecord, 'actor' | 'address' | 'requestId'>;
}

/** The membership that a code led to. */
export interface Redemption {
  readonly organizationId: string;
  readonly role: Role;
}

/** Joining by code: the code is judged, used and turned into a membership in one transaction. */
@Injectable()
export class InviteRedemption {
  constructor(
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes the user a member with the role of the code. A member keeps its role, and uses nothing up.
   *
   * Locks the organization first, as every transaction does that counts its members, so that neither a code nor a limit is exceeded; then
   * the invite, because revoking it locks only that.
   *
   * @throws INVITES.NOT_FOUND, INVITES.MEMBER_REMOVED, INVITES.REVOKED, EXPIRED or EXHAUSTED (in this order), ORGANIZATIONS.MEMBER_LIMIT_REACHED
   */
  async redeem(tx: EntityManager, code: string, joiner: Joiner): Promise<Redemption> {
    const codeHash = hashOfInviteCode(code);
    const found = codeHash && (await organizationOfCode(tx, codeHash));
    const organization = found && (await lockOrganization(tx, found));
    const invite = codeHash && organization && (await lockInvite(tx, { codeHash }));
    // Both are gone when the organization was deleted meanwhile.
    if (!invite) throw InviteErrors.NOT_FOUND.because();
    const { organizationId, role } = invite;
    const facts = await readRedemptionFacts(tx, invite, joiner.id);
    if (facts.heldRole !== null) return { organizationId, role: facts.heldRole };
    if (facts.wasRemoved) throw InviteErrors.MEMBER_REMOVED.because();
    invite.redeem(facts.isExpired, facts.isInviterAdmin);
    const { members: limit } = this.limits.inForce(organization.ownLimits());
    if (facts.members >= limit) throw OrganizationErrors.MEMBER_LIMIT_REACHED.because(undefined, { limit });
    await tx.nativeDelete(RemovedMember, { organizationId, userId: joiner.id });
    tx.create(Membership, { organizationId, userId: joiner.id, role });
    await tx.flush();
    await this.audit.record(tx, {
      organizationId,
      ...joiner.audited,
      action: 'member_join',
      target: { kind: 'member', id: joiner.id, name: joiner.name },
      after: { role, inviteId: invite.id },
    });
    return { organizationId, role };
  }
}
