import { Injectable } from '@nestjs/common';

import { newId, type Role } from '#kernel';
import { AuditLog } from '#audit';
import { Database, databaseTime } from '#database';
import { type Actor, auditedBy } from '#rbac';

import { Invite } from '../invite.entity.js';
import { OrganizationLimits } from '../limits/organization-limits.js';
import { InviteErrors } from '../organizations.errors.js';
import { countUsableInvites, type ListedInvite, listInvites, lockInvite } from '../organizations.repository.js';
import { hashOfInviteCode, newInviteCode } from './invite-code.js';

/** The input of a new invite. */
export interface InviteOrder {
  readonly role: Role;
  readonly maxUses: number;
  readonly expiresInSeconds: number;
  readonly note: string | null;
}

/** A new invite, with the code that is shown this once. */
export interface NewInvite extends Pick<Invite, 'id' | 'role' | 'maxUses' | 'uses' | 'createdAt' | 'expiresAt'> {
  readonly note: string | null;
  readonly code: string;
}

/** The days for which an expired invite is kept; until then its code is answered with the reason why it does not work. */
const FORGET_AFTER_DAYS = 30;

/** The codes by which users join: made, listed and revoked by admins. */
@Injectable()
export class InvitesService {
  constructor(
    private readonly database: Database,
    private readonly limits: OrganizationLimits,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Makes a code by which others join. It is returned here and never again. Only admins reach this, so no code carries a role above its
   * maker's.
   *
   * @throws INVITES.LIMIT_REACHED
   */
  async create(actor: Actor, organizationId: string, order: InviteOrder): Promise<NewInvite> {
    const { role, maxUses, expiresInSeconds, note } = order;
    const id = newId();
    const code = newInviteCode();
    return this.database.transaction(async (tx) => {
      const { invites: limit } = await this.limits.lock(tx, organizationId);
      if ((await countUsableInvites(tx, organizationId, FORGET_AFTER_DAYS)) >= limit) {
        throw InviteErrors.LIMIT_REACHED.because(undefined, { limit });
      }
      const codeHash = hashOfInviteCode(code);
      if (codeHash === undefined) throw new Error('a new invite code is no invite code');
      const invite = tx.create(Invite, {
        ...{ id, organizationId, codeHash, role, maxUses, note },
        createdBy: actor.id,
        expiresAt: databaseTime(expiresInSeconds),
      });
      await tx.flush();
      await tx.refresh(invite);
      const { uses, createdAt, expiresAt } = invite;
      await this.audit.record(tx, {
        organizationId,
        ...auditedBy(actor),
        action: 'invite_create',
        target: { kind: 'invite', id },
        after: { role, maxUses, note, expiresAt },
      });
      return { id, code, role, maxUses, uses, note, createdAt, expiresAt };
    });
  }

  /** The invites of an organization, newest first, after the one that is named. */
  async list(organizationId: string, take: number, after: string | undefined): Promise<ListedInvite[]> {
    return listInvites(this.database.reader(), organizationId, take, after);
  }

  /** Ends a code; members who joined by it stay. A revoked one stays revoked. @throws INVITES.NOT_FOUND */
  async revoke(actor: Actor, organizationId: string, inviteId: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const invite = await lockInvite(tx, { organizationId, id: inviteId });
      if (invite === undefined) throw InviteErrors.NOT_FOUND.because();
      if (invite.isRevoked()) return;
      invite.revoke();
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
}
