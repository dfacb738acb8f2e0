import { Injectable } from '@nestjs/common';

import { type Role } from '#kernel';
import { AuditLog } from '#audit';
import { deleteTokensOfMember } from '#auth';
import { Database, databaseTime, type EntityManager } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { OrganizationLimits } from '../limits/organization-limits.js';
import { Membership } from '../membership.entity.js';
import { RemovedMember } from '../removed-member.entity.js';
import { MemberErrors } from '../organizations.errors.js';
import { hasOtherAdmin, listMembers, type MemberView } from '../organizations.repository.js';

/**
 * The members of an organization and their roles. Changes lock the organization, so that two admins who demote each other take turns and
 * one of them remains.
 */
@Injectable()
export class MembersService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /** The members in the order of their ids, after the one that is named. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<MemberView[]> {
    return listMembers(this.database.reader(), organizationId, { take, after });
  }

  /** Gives a member another role, from the next request on. @throws MEMBERS.NOT_FOUND, MEMBERS.LAST_ADMIN */
  async changeRole(actor: Actor, organizationId: string, userId: string, role: Role): Promise<MemberView> {
    return this.database.transaction(async (tx) => {
      const before = await this.lock(tx, organizationId, userId);
      if (before.role === role) return before;
      await this.assertAdminRemains(tx, organizationId, before);
      (await tx.findOneOrFail(Membership, { organizationId, userId })).changeRole(role);
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'member_role_change',
        target: { kind: 'member', id: userId, name: before.username },
        before: { role: before.role },
        after: { role },
      });
      return { ...before, role };
    });
  }

  /** Removes a member; no invite that was made before admits the user again. Its deployments stay, for admins to care for. @throws MEMBERS.NOT_FOUND, MEMBERS.LAST_ADMIN */
  async remove(actor: Actor, organizationId: string, userId: string): Promise<void> {
    await this.database.transaction((tx) => this.end(tx, actor, organizationId, userId, 'member_remove'));
  }

  /**
   * Leaves an organization. The route takes a session: a program that holds a token must not end the membership that the token needs.
   *
   * @throws MEMBERS.NOT_FOUND (operators are no members), MEMBERS.LAST_ADMIN
   */
  async leave(actor: Actor, organizationId: string): Promise<void> {
    await this.database.transaction((tx) => this.end(tx, actor, organizationId, actor.id, 'member_leave'));
  }

  private async end(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    userId: string,
    action: 'member_remove' | 'member_leave',
  ): Promise<void> {
    const member = await this.lock(tx, organizationId, userId);
    await this.assertAdminRemains(tx, organizationId, member);
    await tx.nativeDelete(Membership, { organizationId, userId });
    await deleteTokensOfMember(tx, organizationId, userId);
    if (action === 'member_remove')
      await tx.upsert(RemovedMember, { organizationId, userId, removedAt: databaseTime() });
    await this.audit.record(tx, {
      organizationId,
      ...auditedBy(actor),
      action,
      target: { kind: 'member', id: userId, name: member.username },
      before: { role: member.role },
    });
  }

  /** Makes changes of members take turns, then reads one of them. */
  private async lock(tx: EntityManager, organizationId: string, userId: string): Promise<MemberView> {
    await this.limits.lock(tx, organizationId);
    const [member] = await listMembers(tx, organizationId, { take: 1, userId });
    if (member === undefined) throw MemberErrors.NOT_FOUND.because();
    return member;
  }

  private async assertAdminRemains(
    tx: EntityManager,
    organizationId: string,
    { role, userId }: MemberView,
  ): Promise<void> {
    if (role !== 'admin' || (await hasOtherAdmin(tx, organizationId, userId))) return;
    throw MemberErrors.LAST_ADMIN.because();
  }
}
