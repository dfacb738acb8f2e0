import { Injectable } from '@nestjs/common';

import { newId, type Role } from '#kernel';
import { AuditLog } from '#audit';
import { changesOf, Database, type EntityManager, rfc3339, rowsOf, sql } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { hashOfInviteCode, newInviteCode } from './invite-code.js';
import { OrganizationLimits } from '../limits/organization-limits.js';
import { InviteErrors } from '../organizations.errors.js';

/** What becomes of a code when somebody tries it now. */
export const INVITE_STATES = ['usable', 'used-up', 'expired', 'revoked'] as const;

export type InviteState = (typeof INVITE_STATES)[number];

/** What an admin decides about a new invite. */
export interface InviteOrder {
  readonly role: Role;
  readonly maxUses: number;
  readonly expiresInSeconds: number;
  readonly note: string | null;
}

/** An invite, without its code. */
export interface InviteView {
  readonly id: string;
  readonly role: Role;
  readonly maxUses: number;
  readonly uses: number;
  readonly note: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** A new invite, with the code that is shown this once. */
export interface NewInvite extends InviteView {
  readonly code: string;
}

/** An invite as admins see it in the list. */
export interface ListedInvite extends InviteView {
  readonly state: InviteState;
  readonly createdById: string;
  /** The user's or service account's present name; null when there is none any more. */
  readonly createdByName: string | null;
}

/** An invite that nobody can use is forgotten after so long; until then whoever tries its code is told why it does not work. */
const FORGET_AFTER_DAYS = 30;

/** The codes by which people join: made, listed and revoked by admins. */
@Injectable()
export class InvitesService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes a code by which others join. It is returned here and never again. Only admins get here, so that no code carries a role above
   * its maker's.
   *
   * @throws DomainError INVITES.LIMIT_REACHED
   */
  async create(actor: Actor, organizationId: string, order: InviteOrder): Promise<NewInvite> {
    const { role, maxUses, expiresInSeconds, note } = order;
    const id = newId();
    const code = newInviteCode();
    return this.database.transaction(async (tx) => {
      await this.assertRoom(tx, organizationId);
      const [row] = await rowsOf(
        tx,
        sql<{ createdAt: string; expiresAt: string }>`
          insert into invites (id, organization_id, code_hash, role, max_uses, note, created_by, expires_at)
          values (${id}, ${organizationId}, ${hashOfInviteCode(code)}, ${role}, ${maxUses}, ${note}, ${actor.id},
                  now() + ${expiresInSeconds}::int * interval '1 second')
          returning created_at as "createdAt", expires_at as "expiresAt"`,
      );
      if (row === undefined) throw new Error('an invite was inserted and not returned');
      const [createdAt, expiresAt] = [rfc3339(row.createdAt), rfc3339(row.expiresAt)];
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'invite_create',
        target: { kind: 'invite', id },
        after: { role, maxUses, note, expiresAt },
      });
      return { id, code, role, maxUses, uses: 0, note, createdAt, expiresAt };
    });
  }

  /** The invites of an organization, newest first, from after an id on. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<ListedInvite[]> {
    const rows = await rowsOf(
      this.database.reader(),
      sql<ListedInvite>`
        select i.id, i.role, i.max_uses as "maxUses", i.uses, i.note, i.created_at as "createdAt",
               i.expires_at as "expiresAt", i.created_by as "createdById", coalesce(u.username, a.name) as "createdByName",
               case when i.revoked_at is not null then 'revoked' when i.expires_at <= now() then 'expired'
                    when i.uses >= i.max_uses then 'used-up' else 'usable' end as state
        from invites i
        left join users u on u.id = i.created_by
        left join service_accounts a on a.organization_id = i.organization_id and a.id = i.created_by
        where i.organization_id = ${organizationId}
          and (${after ?? null}::uuid is null or i.id < ${after ?? null}::uuid)
        order by i.id desc limit ${take}`,
    );
    return rows.map((row) => ({ ...row, createdAt: rfc3339(row.createdAt), expiresAt: rfc3339(row.expiresAt) }));
  }

  /** Makes a code worthless; whoever joined by it stays. One that was revoked stays so. @throws DomainError INVITES.NOT_FOUND */
  async revoke(actor: Actor, organizationId: string, inviteId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const [invite] = await rowsOf(
        tx,
        sql<{ role: Role; uses: number; maxUses: number; isRevoked: boolean }>`
          select role, uses, max_uses as "maxUses", revoked_at is not null as "isRevoked" from invites
          where organization_id = ${organizationId} and id = ${inviteId} for no key update`,
      );
      if (invite === undefined) throw InviteErrors.NOT_FOUND.because();
      if (invite.isRevoked) return;
      await changesOf(
        tx,
        sql`update invites set revoked_at = now() where organization_id = ${organizationId} and id = ${inviteId}`,
      );
      const { role, uses, maxUses } = invite;
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'invite_revoke',
        target: { kind: 'invite', id: inviteId },
        before: { role, uses, maxUses },
      });
    });
  }

  private async assertRoom(tx: EntityManager, organizationId: string): Promise<void> {
    const { invites: limit } = await this.limits.hold(tx, organizationId);
    await changesOf(
      tx,
      sql`delete from invites
          where organization_id = ${organizationId} and expires_at < now() - ${FORGET_AFTER_DAYS}::int * interval '1 day'`,
    );
    const [row] = await rowsOf(
      tx,
      sql<{ count: number }>`
        select count(*)::int as count from invites
        where organization_id = ${organizationId} and revoked_at is null and expires_at > now() and uses < max_uses`,
    );
    if ((row?.count ?? 0) >= limit) throw InviteErrors.LIMIT_REACHED.because(undefined, { limit });
  }
}
