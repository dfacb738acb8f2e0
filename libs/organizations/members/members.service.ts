import { Injectable } from '@nestjs/common';

import { type Role } from '#kernel';
import { AuditLog } from '#audit';
import { deleteTokensOfMember } from '#auth';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { type Actor, auditedBy, RbacErrors } from '#rbac';

import { OrganizationLimits } from '../limits/organization-limits.js';
import { MemberErrors } from '../organizations.errors.js';

/** A member as the others see them: no address, nothing of the account. */
export interface MemberView {
  /** The user's id. */
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly joinedAt: string;
}

/**
 * Who belongs to an organization, and with which role. Changes hold the organization, so that two admins who demote each other take turns
 * and one of them stays.
 */
@Injectable()
export class MembersService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /** The members in the order of their ids, from after an id on. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<MemberView[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<MemberView>`
        select m.user_id as id, u.username, m.role, m.joined_at as "joinedAt"
        from memberships m join users u on u.id = m.user_id
        where m.organization_id = ${organizationId}
          and (${after ?? null}::uuid is null or m.user_id > ${after ?? null}::uuid)
        order by m.user_id limit ${take}`,
    );
    return rows.map(viewOf);
  }

  /** Gives a member another role, from their next request on. @throws DomainError MEMBERS.NOT_FOUND, MEMBERS.LAST_ADMIN */
  async changeRole(actor: Actor, organizationId: string, userId: string, role: Role): Promise<MemberView> {
    return this.database.transaction(async (tx) => {
      const before = await this.hold(tx, organizationId, userId);
      if (before.role === role) return before;
      if (before.role === 'admin') await this.assertAnotherAdmin(tx, organizationId, userId);
      await changesOf(
        tx,
        sql`update memberships set role = ${role} where organization_id = ${organizationId} and user_id = ${userId}`,
      );
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

  /** Removes a member. What they submitted stays, for admins to care for. @throws DomainError MEMBERS.NOT_FOUND, MEMBERS.LAST_ADMIN */
  async remove(actor: Actor, organizationId: string, userId: string): Promise<void> {
    await this.database.transaction((tx) => this.end(tx, actor, organizationId, userId, 'member_remove'));
  }

  /**
   * Leaves an organization. Only a person can: a program that holds a token must not end the membership that it lives on.
   *
   * @throws DomainError RBAC.SESSION_REQUIRED, MEMBERS.NOT_FOUND (operators are no members), MEMBERS.LAST_ADMIN
   */
  async leave(actor: Actor, organizationId: string): Promise<void> {
    if (actor.kind !== 'user') throw RbacErrors.SESSION_REQUIRED.because();
    await this.database.transaction((tx) => this.end(tx, actor, organizationId, actor.id, 'member_leave'));
  }

  private async end(
    tx: EntityManager,
    actor: Actor,
    organizationId: string,
    userId: string,
    action: 'member_remove' | 'member_leave',
  ): Promise<void> {
    const { role, username } = await this.hold(tx, organizationId, userId);
    if (role === 'admin') await this.assertAnotherAdmin(tx, organizationId, userId);
    await changesOf(tx, sql`delete from memberships where organization_id = ${organizationId} and user_id = ${userId}`);
    await deleteTokensOfMember(tx, organizationId, userId);
    await this.audit.record(tx, {
      organizationId,
      ...auditedBy(actor),
      action,
      target: { kind: 'member', id: userId, name: username },
      before: { role },
    });
  }

  /** Makes changes of members take turns, then reads the one that is meant. */
  private async hold(tx: EntityManager, organizationId: string, userId: string): Promise<MemberView> {
    await this.limits.hold(tx, organizationId);
    const [row] = await rowsOf(
      tx,
      sql<MemberView>`
        select m.user_id as id, u.username, m.role, m.joined_at as "joinedAt"
        from memberships m join users u on u.id = m.user_id
        where m.organization_id = ${organizationId} and m.user_id = ${userId}`,
    );
    if (row === undefined) throw MemberErrors.NOT_FOUND.because();
    return viewOf(row);
  }

  /** An admin whose account is disabled cannot care for anything, and does not count. */
  private async assertAnotherAdmin(tx: EntityManager, organizationId: string, userId: string): Promise<void> {
    const others = await rowsOf(
      tx,
      sql`select 1 from memberships m join users u on u.id = m.user_id
          where m.organization_id = ${organizationId} and m.role = 'admin' and m.user_id <> ${userId}
            and u.disabled_at is null
          limit 1`,
    );
    if (others.length === 0) throw MemberErrors.LAST_ADMIN.because();
  }
}

function viewOf(row: MemberView): MemberView {
  return { ...row, joinedAt: rfc3339(row.joinedAt) };
}
