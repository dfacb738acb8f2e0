import { Injectable } from '@nestjs/common';

import { DomainError, newId, type Role } from '#kernel';
import { AuditLog, type AuditRecord } from '#audit';
import { deleteTokensOfOrganization, InviteGuesses } from '#auth';
import { Settings } from '#config';
import { Database, type EntityManager } from '#database';
import { type ExpectedVersions } from '#http';
import { type Actor, auditedBy, OrganizationVisibilityErrors } from '#rbac';

import { Invite } from '../invite.entity.js';
import { InviteRedemption } from '../invites/invite-redemption.js';
import { assertLocked } from '../limits/organization-limits.js';
import { Membership } from '../membership.entity.js';
import { Organization } from '../organization.entity.js';
import { InviteErrors, OrganizationErrors } from '../organizations.errors.js';
import {
  countCreatedBy,
  listOrganizationsOf,
  type OrganizationsPage,
  type OrganizationView,
} from '../organizations.repository.js';
import { RemovedMember } from '../removed-member.entity.js';
import { OrganizationClosing } from './organization-closing.js';

/** Closing reads everything that an organization ever ran, so it may take longer than a request usually does. */
const DELETION_STATEMENT_TIMEOUT_MS = 20_000;

/** Organizations, from creation to deletion. */
@Injectable()
export class OrganizationsService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly redemption: InviteRedemption,
    private readonly guesses: InviteGuesses,
    private readonly closing: OrganizationClosing,
    private readonly audit: AuditLog,
  ) {}

  /** Creates an organization whose first admin is the creator. @throws ORGANIZATIONS.LIMIT_REACHED */
  async create(actor: Actor, name: string): Promise<OrganizationView> {
    return this.database.transaction(async (tx) => {
      const limit = this.settings.limitOrganizations;
      if ((await countCreatedBy(tx, actor.id)) >= limit) {
        throw OrganizationErrors.LIMIT_REACHED.because(undefined, { limit });
      }
      const organization = tx.create(Organization, { id: newId(), name, createdBy: actor.id });
      await tx.flush();
      tx.create(Membership, { organizationId: organization.id, userId: actor.id, role: 'admin' });
      await this.record(tx, actor, organization, 'organization_create', { after: { name } });
      return viewOf(organization, 'admin');
    });
  }

  /** The organizations that the actor belongs to, newest first. */
  async listOf(actor: Actor, page: OrganizationsPage): Promise<OrganizationView[]> {
    return listOrganizationsOf(this.database.reader(), actor.id, page);
  }

  /** One organization. @throws ORGANIZATIONS.NOT_FOUND when it was deleted since the guard looked */
  async read(organizationId: string, role: Role | null): Promise<OrganizationView> {
    return find(this.database.reader(), organizationId, role);
  }

  /** Gives an organization another name; its own name changes nothing. @throws REQUEST.PRECONDITION_FAILED */
  async rename(
    actor: Actor,
    organizationId: string,
    name: string,
    expected: ExpectedVersions,
  ): Promise<OrganizationView> {
    return this.database.transaction(async (tx) => {
      const organization = await assertLocked(tx, organizationId);
      const { name: before } = organization;
      expected.assertIncludes(organization.version);
      if (before !== name) {
        organization.rename(name);
        await tx.flush();
        await this.record(tx, actor, organization, 'organization_rename', {
          before: { name: before },
          after: { name },
        });
      }
      return viewOf(organization, actor.role);
    });
  }

  /**
   * Deletes an organization in which no work is left. Memberships, invites, service accounts and tokens end at once; what was run and the
   * audit log stay as they are, and only operators can still read the log.
   *
   * @throws ORGANIZATIONS.IN_USE
   */
  async delete(actor: Actor, organizationId: string): Promise<void> {
    await this.database.transaction(
      async (tx) => {
        // A transaction that adds a member, a cluster, an invite or a token waits for this lock, and then finds the organization deleted.
        // Foreign keys do not wait: passes read the organization under the locks of clusters, which closing asks for.
        const organization = await assertLocked(tx, organizationId);
        const remaining = await this.closing.close(tx, organizationId);
        if (remaining.clusters > 0) throw OrganizationErrors.IN_USE.because(undefined, { ...remaining });
        await deleteTokensOfOrganization(tx, organizationId);
        await tx.nativeDelete(Invite, { organizationId });
        await tx.nativeDelete(RemovedMember, { organizationId });
        const members = await tx.nativeDelete(Membership, { organizationId });
        organization.delete();
        const { name } = organization;
        await this.record(tx, actor, organization, 'organization_delete', { before: { name, members } });
      },
      { statementTimeoutMs: DELETION_STATEMENT_TIMEOUT_MS },
    );
  }

  /**
   * Joins by code, or returns the membership that the actor has already.
   *
   * @throws REQUEST.TOO_MANY after many codes that do not exist, and what {@link InviteRedemption.redeem} throws
   */
  async join(actor: Actor, code: string): Promise<OrganizationView> {
    await this.guesses.assertMayTry(actor);
    try {
      return await this.database.transaction(async (tx) => {
        const { id, name } = actor;
        const joiner = { id, name, audited: auditedBy(actor) };
        const { organizationId, role } = await this.redemption.redeem(tx, code, joiner);
        return find(tx, organizationId, role);
      });
    } catch (error) {
      const isGuess = error instanceof DomainError && error.code === InviteErrors.NOT_FOUND.code;
      if (isGuess) await this.guesses.count(actor);
      throw error;
    }
  }

  private async record(
    tx: EntityManager,
    actor: Actor,
    { id, name }: Organization,
    action: string,
    change: Pick<AuditRecord, 'before' | 'after'>,
  ): Promise<void> {
    const target = { kind: 'organization', id, name };
    await this.audit.record(tx, { organizationId: id, ...auditedBy(actor), action, target, ...change });
  }
}

async function find(em: EntityManager, organizationId: string, role: Role | null): Promise<OrganizationView> {
  const organization = await em.findOne(Organization, { id: organizationId, deletedAt: null });
  if (organization === null) throw OrganizationVisibilityErrors.NOT_FOUND.because();
  return viewOf(organization, role);
}

function viewOf({ id, name, createdAt, version }: Organization, role: Role | null): OrganizationView {
  return { id, name, createdAt, version, role };
}
